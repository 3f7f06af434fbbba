namespace PSRunner.Engine.Storage;

/// <summary>What a journal is opened with.</summary>
internal sealed record JournalOptions
{
    /// <summary>The batch's id.</summary>
    public required string BatchId { get; init; }

    /// <summary>The columns of the batch.</summary>
    public required ResultSchema Schema { get; init; }

    /// <summary>The session that begins; written at the head of every file.</summary>
    public required SessionRecord Session { get; init; }

    /// <summary>The cases that are open as it begins; the journal takes the set over.</summary>
    public required OpenSet Open { get; init; }

    /// <summary>The last journal file or part there is; 0: none.</summary>
    public int LastFile { get; init; }

    /// <summary>The last line of that file that is believed; 0: not known.</summary>
    public long LastSeq { get; init; }

    /// <summary>Whether to flush.</summary>
    public Durability Durability { get; init; } = Durability.PowerLoss;

    /// <summary>Results after which a file turns.</summary>
    public int ResultsPerFile { get; init; } = 10_000;

    /// <summary>Bytes after which a file turns; bounds the memory of sealing.</summary>
    public long BytesPerFile { get; init; } = 64 << 20;

    /// <summary>Files of earlier sessions whose part is not yet what it should be; let go when the first file of this one has taken their open set over.</summary>
    public IReadOnlyList<ClosedFile> Unsealed { get; init; } = [];

    /// <summary>Finished cases to run again; durable with the head of the first file, before any of <see cref="Unsealed"/> is let go.</summary>
    public IReadOnlyList<ReopenedRecord> Reopened { get; init; } = [];

    /// <summary>Asked before a file is created or deleted, and before a group counts as saved: <see cref="OwnerLock.Verify"/>.</summary>
    public Action VerifyOwner { get; init; } = static () => { };
}

/// <summary>A journal file that is written no more and may become a part.</summary>
/// <param name="Number">The file.</param>
/// <param name="LastSeq">Its last line that counts: what a failed write left behind it was written again elsewhere.</param>
/// <param name="Held">Its durable results, by who wrote them; null: they are read from the file.</param>
internal readonly record struct ClosedFile(int Number, long LastSeq = long.MaxValue, IReadOnlyList<ResultRecord>? Held = null);

/// <summary>
/// The files of the journal, without threads: writes groups, flushes them, turns files. After any exception the current
/// file is never touched again and the same records may be written once more, to the next file.
/// </summary>
internal sealed class JournalLog : IDisposable
{
    private const int CasesPerOpenLine = 4_000; // of some 90 bytes each: under the 1 MiB of a line.

    // Of the results of the open file and of those that wait to be sealed, each: more is left to the file.
    private const long MostHeldBytes = 16 << 20;

    private readonly RunFolder _folder;
    private readonly IStoreFiles _files;
    private readonly JournalOptions _options;
    private readonly GroupBuffer _buffer = new();
    private readonly LineWriter _lines;
    private readonly List<ClosedFile> _closed;
    private IAppendFile? _file;
    private bool _folderFlushed;
    private bool _begun;
    private int _results;
    private List<ResultRecord>? _held;
    private long _heldBytes;
    private int _previousFile;
    private long _previousSeq;
    private long _durableSeq;

    /// <param name="folder">The run folder.</param>
    /// <param name="files">The disk.</param>
    /// <param name="options">The rest.</param>
    public JournalLog(RunFolder folder, IStoreFiles files, JournalOptions options)
    {
        _folder = folder;
        _files = files;
        _options = options;
        _lines = new LineWriter(_buffer, options.Schema);
        Number = _previousFile = options.LastFile;
        _previousSeq = options.LastSeq;
        _closed = [.. options.Unsealed];
    }

    /// <summary>The file that is or was last written.</summary>
    public int Number { get; private set; }

    /// <summary>Bytes of that file that are durable.</summary>
    public long DurableLength { get; private set; }

    /// <summary>The cases that are open after all that is durable.</summary>
    public OpenSet Open => _options.Open;

    /// <summary>Writes records as one group, not yet durable; begins a file when there is none or the last is full.</summary>
    /// <exception cref="IOException">The file is given up; write the records again.</exception>
    public void Write(IReadOnlyList<JournalRecord> records)
    {
        _buffer.CutTo(0);
        if (_file is not null && (_results >= _options.ResultsPerFile || _file.Length >= _options.BytesPerFile))
        {
            GiveUpFile(); // Durable to its end, so giving it up is closing it.
        }

        try
        {
            if (_file is null)
            {
                BeginFile();
            }
            else
            {
                _lines.BeginGroup();
            }

            foreach (var record in records)
            {
                _lines.Write(record);
                _results += record is ResultRecord ? 1 : 0;
            }

            _file!.Write(_buffer.From(0));
        }
        catch
        {
            GiveUpFile();
            throw;
        }
    }

    /// <summary>Makes what was written durable. Returns the files that are complete now and need no longer be kept.</summary>
    /// <param name="records">The records of the group.</param>
    /// <exception cref="IOException">The file is given up; write the records again.</exception>
    public IReadOnlyList<ClosedFile> Flush(IReadOnlyList<JournalRecord> records)
    {
        try
        {
            if (_options.Durability == Durability.PowerLoss)
            {
                _file!.Flush();
                if (!_folderFlushed)
                {
                    _files.FlushFolder(_folder.JournalFolder);
                }
            }

            // A file that was moved away or deleted takes all we write; a result in it is not saved.
            _options.VerifyOwner();
            _folderFlushed = _begun = true;
        }
        catch
        {
            GiveUpFile();
            throw;
        }

        _durableSeq = _lines.Seq;
        DurableLength = _file!.Length;
        foreach (var record in records)
        {
            Open.Apply(record);
            Hold(record);
        }

        return LetGo();
    }

    /// <summary>
    /// Ends the journal. A file that alone knows of open cases would have to stay for ever, so a short one that holds
    /// nothing else takes its place. Returns the files that are complete.
    /// </summary>
    /// <exception cref="IOException">That short file could not be written; all files stay as they are.</exception>
    public IReadOnlyList<ClosedFile> Close()
    {
        GiveUpFile();
        if (Open.Count == 0)
        {
            return LetGo();
        }

        var isShort = _results == 0 && _closed.Count == 1 && _closed[0].Number == Number;
        if (_closed.Count == 0 || isShort)
        {
            return [];
        }

        Write([]);
        return Flush([]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _lines.Dispose();
    }

    /// <summary>Keeps a durable result for the sealer, to whom reading it again would cost as much as all else together.</summary>
    private void Hold(JournalRecord record)
    {
        if (_held is null || record is not ResultRecord result)
        {
            return;
        }

        _heldBytes += result.ApproximateBytes;
        if (_heldBytes > MostHeldBytes)
        {
            _held = null;
        }
        else
        {
            _held.Add(result);
        }
    }

    private ClosedFile[] LetGo()
    {
        ClosedFile[] closed = [.. _closed];
        _closed.Clear();
        return closed;
    }

    private void BeginFile()
    {
        _options.VerifyOwner();
        _file = _files.Create(_folder.JournalFile(++Number));
        _folderFlushed = false;
        _results = 0;
        (_held, _heldBytes) = ([], 0);
        _durableSeq = 0;
        DurableLength = 0;

        _lines.BeginFile(_options.BatchId, Number);
        _lines.BeginGroup();
        _lines.Write(new HeaderRecord(
            HeaderRecord.CurrentFormat, _options.BatchId, Number, _options.Session.Number, _previousFile, _previousSeq));
        _lines.Write(_options.Session);
        OpenCase[][] open = [.. Open.Cases.Chunk(CasesPerOpenLine)];
        for (var i = 0; i < Math.Max(open.Length, 1); i++)
        {
            _lines.Write(new OpenRecord(i + 1, Math.Max(open.Length, 1), open.Length == 0 ? [] : open[i]));
        }

        foreach (var reopened in _begun ? [] : _options.Reopened)
        {
            _lines.Write(reopened);
        }
    }

    /// <summary>Never writes the current file again. One that holds nothing durable is removed, as far as the disk lets us.</summary>
    private void GiveUpFile()
    {
        if (_file is null)
        {
            return;
        }

        _file.Dispose();
        _file = null;
        if (_durableSeq > 0)
        {
            _previousFile = Number;
            _previousSeq = _durableSeq;
            _closed.Add(new ClosedFile(Number, _durableSeq, _held));
            _held = null;
            return;
        }

        try
        {
            _options.VerifyOwner(); // What bears that name in another's folder is his.
            _files.Delete(_folder.JournalFile(Number));
        }
        catch (IOException)
        {
            // It stays as a file that recovery reads and finds nothing new in.
        }
    }
}
