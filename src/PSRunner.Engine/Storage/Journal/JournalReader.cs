using System.Text.Json;

namespace PSRunner.Engine.Storage;

/// <summary>Reads one journal file: every line whose checksum is right, and what is missing between them.</summary>
internal sealed class JournalReader : IDisposable
{
    private readonly Stream _stream;
    private readonly LineSplitter _lines;
    private readonly RecordParser _parser;
    private readonly List<Hole> _holes = [];
    private long _lastGroup;

    /// <param name="stream">The file; taken over.</param>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="number">The file's number.</param>
    /// <param name="parser">Makes the records.</param>
    /// <param name="length">Bytes to read at most.</param>
    public JournalReader(Stream stream, string batchId, int number, RecordParser parser, long length = long.MaxValue)
    {
        _stream = stream;
        _lines = new LineSplitter(stream, new LineChecksum(batchId, number), length);
        _parser = parser;
        Number = number;
    }

    /// <summary>The file's number.</summary>
    public int Number { get; }

    /// <summary>The last good line so far.</summary>
    public long LastSeq { get; private set; }

    /// <summary>The file's head; null until it was read, and for good when it is damaged.</summary>
    public HeaderRecord? Header { get; private set; }

    /// <summary>True when bytes behind the last good line are no line.</summary>
    public bool EndsInDamage => _lines.EndsInDamage;

    /// <summary>Bytes so far that belong to no good line.</summary>
    public long StrayBytes => _lines.StrayBytes;

    /// <summary>Good lines so far that stand behind a later one: repeated ones, which are left out, and late ones, which are believed.</summary>
    public long MisplacedLines { get; private set; }

    /// <summary>The good lines in the order of the file, each once.</summary>
    /// <exception cref="TestBatchException"><c>RunFolderTooNew</c>: a later version wrote the file.</exception>
    public IEnumerable<JournalLine> Read()
    {
        while (_lines.Next(out var bytes))
        {
            if (!TryParse(bytes, out var line))
            {
                continue; // Its number will be missing.
            }

            if (line.Seq <= LastSeq)
            {
                MisplacedLines++;
                if (!TakeFromHole(line.Seq))
                {
                    continue; // What stood there before it was written over, or a copy: what it says was said.
                }
            }
            else
            {
                if (line.Seq > LastSeq + 1)
                {
                    // Lines missing from this line's own group are as new as it; any others lie in a group that was flushed before.
                    var missing = line.Seq - LastSeq - 1;
                    _holes.Add(new Hole(LastSeq + 1, line.Seq - 1, missing < line.Place ? line.Group : line.Group - 1));
                }

                LastSeq = line.Seq;
                _lastGroup = line.Group;
            }

            Header ??= line.Record as HeaderRecord;
            if (Header is { Format: > HeaderRecord.CurrentFormat })
            {
                throw new TestBatchException(
                    "RunFolderTooNew",
                    ErrorKind.InvalidData,
                    $"Journal file {Number} was written by a newer PSRunner (format {Header.Format}, this one reads {HeaderRecord.CurrentFormat}). Update the module.",
                    Number);
            }

            yield return line;
        }
    }

    /// <summary>After reading: lines that are missing although something flushed later is there. They had been durable.</summary>
    public long CorruptLines => _holes.Where(hole => hole.Group < _lastGroup).Sum(hole => hole.Lines);

    /// <summary>After reading: lines that are missing in the last group, which may never have been flushed.</summary>
    public long TornLines => _holes.Where(hole => hole.Group >= _lastGroup).Sum(hole => hole.Lines);

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>False when no line of that number is missing.</summary>
    private bool TakeFromHole(long seq)
    {
        var at = _holes.FindIndex(hole => hole.First <= seq && seq <= hole.Last);
        if (at < 0)
        {
            return false;
        }

        var hole = _holes[at];
        _holes[at] = hole with { Last = seq - 1 };
        _holes.Insert(at + 1, hole with { First = seq + 1 });
        return true;
    }

    private bool TryParse(ReadOnlyMemory<byte> bytes, out JournalLine line)
    {
        try
        {
            line = _parser.Parse(bytes);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            line = default; // A right checksum over something we do not know: as good as damaged.
            return false;
        }
    }

    /// <summary>Lines that are missing, and the group they belong to at the latest.</summary>
    private readonly record struct Hole(long First, long Last, long Group)
    {
        public long Lines => Last - First + 1;
    }
}
