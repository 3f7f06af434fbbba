namespace PSRunner.Engine.Storage;

/// <summary>
/// One pass over all files of a run folder, live or not: which results count, which cases are open, what is damaged.
/// Changes nothing; what was written and not yet forced to the device may be forced.
/// </summary>
internal sealed class RunScan
{
    private readonly RunFolder _folder;
    private readonly IStoreFiles _files;
    private readonly string _batchId;
    private readonly bool _forces;
    private readonly List<RecoveryFinding> _findings = [];
    private readonly List<int> _numbers = [];
    private readonly List<int> _journals = [];
    private readonly List<int> _damagedParts = [];
    private readonly Dictionary<int, long> _lastSeqs = [];
    private readonly Dictionary<int, long> _lengths = [];
    private readonly HashSet<int> _fromBoth = [];

    private RunScan(RunFolder folder, IStoreFiles files, string batchId, int count, bool forces)
    {
        _forces = forces;
        _folder = folder;
        _files = files;
        _batchId = batchId;
        Index = new ResultIndex(count);
    }

    /// <summary>Which results count.</summary>
    public ResultIndex Index { get; }

    /// <summary>The cases that were started and have no result that counts.</summary>
    public OpenSet Open { get; } = new();

    /// <summary>The numbers that have a journal file or a part, ascending.</summary>
    public IReadOnlyList<int> Numbers => _numbers;

    /// <summary>Those that have a journal file.</summary>
    public IReadOnlyList<int> Journals => _journals;

    /// <summary>Parts that cannot be read and whose journal file is gone.</summary>
    public IReadOnlyList<int> DamagedParts => _damagedParts;

    /// <summary>What is damaged.</summary>
    public IReadOnlyList<RecoveryFinding> Findings => _findings;

    /// <summary>The last session that wrote something; 0: none.</summary>
    public int LastSession { get; private set; }

    /// <summary>The last good line of a journal file; 0 when there is none.</summary>
    public long LastSeqOf(int number) => _lastSeqs.GetValueOrDefault(number);

    /// <summary>Bytes of a journal file that may be believed; what a running writer adds meanwhile may not be durable.</summary>
    public long LengthOf(int number) => _lengths.GetValueOrDefault(number, long.MaxValue);

    /// <summary>True when results of a journal file are in its part only: a line of it is damaged, or its end is gone.</summary>
    public bool NeedsPartBeside(int number) => _fromBoth.Contains(number);

    /// <summary>Reads the folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="files">The disk.</param>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="count">Cases in the plan.</param>
    /// <param name="forces">
    /// True where somebody is shown results of a batch that another process writes or wrote: the journal is forced to the
    /// device first, since what was seen may not be gone after a power cut.
    /// </param>
    /// <exception cref="TestBatchException">A later version wrote a file.</exception>
    public static RunScan Read(RunFolder folder, IStoreFiles files, string batchId, int count, bool forces = false)
    {
        var scan = new RunScan(folder, files, batchId, count, forces);

        // Journals first: one that becomes a part between the two lists is in both, never in none.
        var journals = scan.NumbersIn(folder.JournalFolder);
        var parts = scan.NumbersIn(folder.ResultsFolder);
        if (forces && journals.Count > 0)
        {
            TryForce(() => files.FlushFolder(folder.JournalFolder));
        }

        foreach (var number in journals.Union(parts).Order())
        {
            // The part first: its rows are in the journal file as long as that is whole.
            var beside = journals.Contains(number) && parts.Contains(number) ? scan.KeysBeside(number) : [];
            if (scan.ReadJournal(number, beside) || scan.ReadPart(number))
            {
                scan._numbers.Add(number);
            }
        }

        foreach (var known in scan.Open.Cases.ToArray())
        {
            if (known.Index < 0 || known.Index >= count || scan.Index.Outcomes[known.Index] != 0)
            {
                scan.Open.Remove(known.Index);
            }
        }

        return scan;
    }

    private List<int> NumbersIn(string folder) =>
        [.. _files.List(folder).Select(RunFolder.NumberOf).Where(number => number > 0)];

    private bool ReadJournal(int number, ResultKeyRecord[] beside)
    {
        var path = _folder.JournalFile(number);
        var stream = _files.TryOpenRead(path);
        if (stream is null)
        {
            return false;
        }

        var length = stream.Length;
        if (_forces && TryForce(() => _files.FlushFile(path)))
        {
            _lengths[number] = length;
        }

        using var journal = new JournalReader(stream, _batchId, number, new RecordParser(null, ""), LengthOf(number));
        var opening = new List<OpenRecord>();
        foreach (var line in journal.Read())
        {
            if (line.Record is OpenRecord open)
            {
                opening.Add(open);
                if (opening.Count == open.Of)
                {
                    Open.Clear(); // All of it is known anew; part of it is laid over what was known before.
                    opening.ForEach(Open.Apply);
                    opening.Clear();
                }

                continue;
            }

            Follow(number, line.Record, opening);
        }

        opening.ForEach(Open.Apply);
        _journals.Add(number);
        _lastSeqs[number] = journal.LastSeq;
        Report(journal);
        AddBeside(number, beside);
        return true;
    }

    /// <summary>What a whole part says although its journal file, which has the word, is there; nothing when it is not whole.</summary>
    private ResultKeyRecord[] KeysBeside(int number)
    {
        try
        {
            var part = new PartFile(_files, ResultSchema.Empty, "");
            return part.IsWhole(_folder.PartFile(number)) == true && part.TryReadKeys(_folder.PartFile(number)) is var (label, keys)
                && label.Batch == _batchId && label.File == number ? keys : [];
        }
        catch (Exception e) when (e is not (StoreException or OutOfMemoryException))
        {
            return []; // As in ReadPart; the journal file is there to make it anew.
        }
    }

    private void AddBeside(int number, ResultKeyRecord[] keys)
    {
        var missing = keys.Where(key => key.Index >= 0 && key.Index < Index.Outcomes.Length && key.Attempt > Index.AttemptOf(key.Index)).ToList();
        foreach (var key in missing)
        {
            Index.Add(number, key);
            Open.Apply(key);
        }

        if (missing.Count > 0)
        {
            _fromBoth.Add(number);
            Find(_folder.JournalFile(number), true, $"{missing.Count} results that were in it are in its part only; they are read from there.");
        }
    }

    // A medium that cannot be written takes nothing back, and who may only read can do no more.
    private static bool TryForce(Action flush)
    {
        try
        {
            flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Follow(int number, JournalRecord record, List<OpenRecord> opening)
    {
        switch (record)
        {
            case HeaderRecord header:
                LastSession = Math.Max(LastSession, header.Session);
                if (_lastSeqs.TryGetValue(header.PreviousFile, out var lastSeq) && lastSeq < header.PreviousSeq)
                {
                    Find(_folder.JournalFile(header.PreviousFile), true,
                        $"{header.PreviousSeq - lastSeq} lines at its end were durable and are gone. Cases whose results are missing run again.");
                }

                return;
            case SessionRecord:
                return;
            case ReopenedRecord reopened:
                Index.Reopen(reopened.Index, reopened.Attempt);
                break;
            case ResultKeyRecord key when !Index.Add(number, key):
                Find(_folder.JournalFile(number), true, $"It has a result of case {key.Index}, which the plan does not have.");
                return;
        }

        opening.ForEach(Open.Apply);
        opening.Clear();
        Open.Apply(record);
    }

    private void Report(JournalReader journal)
    {
        var path = _folder.JournalFile(journal.Number);
        if (journal.CorruptLines > 0)
        {
            Find(path, true, $"{journal.CorruptLines} lines are damaged although later ones are whole. Cases whose results are missing run again.");
        }

        if (journal.TornLines > 0 || journal.EndsInDamage)
        {
            Find(path, false, "Its end is torn, as a crash leaves it. Nothing that was reported is missing.");
        }
    }

    private bool ReadPart(int number)
    {
        var path = _folder.PartFile(number);
        try
        {
            var part = new PartFile(_files, ResultSchema.Empty, ""); // Keys need no columns of the batch.
            if (part.IsWhole(path) == false)
            {
                throw new InvalidDataException("Its bytes are not those that were written");
            }

            if (part.TryReadKeys(path) is not var (label, keys))
            {
                return false;
            }

            if (label.Batch != _batchId || label.File != number)
            {
                throw new InvalidDataException($"It is part {label.File} of batch '{label.Batch}'.");
            }

            LastSession = Math.Max(LastSession, label.Session);
            foreach (var key in keys)
            {
                Index.Add(number, key);
            }

            return true;
        }
        catch (Exception e) when (e is not (StoreException or OutOfMemoryException))
        {
            // Parquet.Net shows damage by exceptions of many kinds.
            _damagedParts.Add(number);
            Find(path, true, $"It is damaged ({e.Message.TrimEnd('.')}). Cases whose results are missing run again.");
            return false;
        }
    }

    private void Find(string path, bool isCorrupt, string message) =>
        _findings.Add(new RecoveryFinding(Path.GetFileName(path), isCorrupt, message));
}
