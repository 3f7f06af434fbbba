using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text.Json;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Planning;

/// <summary>
/// A plan that no longer changes: for each case what the scheduler needs, in arrays (under 64 bytes a case), and the way to
/// the rest, which is read from plan.jsonl when a case starts.
/// </summary>
internal sealed class FrozenPlan : IDisposable
{
    private const int ReadBlock = 1 << 20;
    private const int LongestLine = 64 << 20;

    private readonly List<UInt128> _ids = [];
    private readonly List<long> _offsets = [];
    private readonly List<float> _testTimeouts = [];
    private readonly List<sbyte> _retryCounts = [];
    private readonly List<ushort> _lanes = [];
    private readonly List<byte> _kinds = [];
    private readonly List<int> _nextInLane = [];
    private readonly List<int> _firstOfLane = [];
    private readonly List<string> _laneNames = [];
    private readonly List<string> _kindNames = [];
    private readonly RepeatedText _texts = new();
    private readonly IReadFile _file;
    private readonly Func<string, SharedDefinition> _shared;
    private readonly ConcurrentDictionary<string, SharedDefinition> _knownShared = new(StringComparer.Ordinal);

    private FrozenPlan(IReadFile file, Func<string, SharedDefinition> readShared)
    {
        _file = file;
        _shared = hash => _knownShared.GetOrAdd(hash, readShared);
    }

    /// <summary>Cases in the plan.</summary>
    public int Count => _ids.Count;

    /// <summary>The names of the lanes; a lane's number is its place here.</summary>
    public IReadOnlyList<string> LaneNames => _laneNames;

    /// <summary>The kinds of case that occur.</summary>
    public IReadOnlyList<string> KindNames => _kindNames;

    /// <summary>XxHash128 of plan.jsonl, 32 hex digits.</summary>
    public string Hash { get; private set; } = "";

    /// <summary>Opens a plan and reads the head of every line.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="path">plan.jsonl.</param>
    /// <param name="readShared">Reads a shared definition of the run folder by its hash.</param>
    /// <param name="length">Bytes to read at most.</param>
    /// <exception cref="TestBatchException">The file cannot be read, or a line is no plan line (the message names the line).</exception>
    public static FrozenPlan Open(IStoreFiles files, string path, Func<string, SharedDefinition> readShared, long length = long.MaxValue)
    {
        FrozenPlan? plan = null;
        try
        {
            plan = new FrozenPlan(files.Open(path), readShared);
            plan.ReadHeads(path, length);
            return plan;
        }
        catch (Exception e)
        {
            plan?.Dispose();
            if (e is IOException)
            {
                throw new TestBatchException("PlanUnreadable", ErrorKind.ReadError, $"The plan '{path}' cannot be read: {e.Message}", path, e);
            }

            throw;
        }
    }

    /// <summary>The id of a case as text.</summary>
    public string IdOf(int index) => CaseId.ToText(_ids[index]);

    /// <summary>The id of a case as a number.</summary>
    public UInt128 IdNumberOf(int index) => _ids[index];

    /// <summary>The kind of a case by its place in <see cref="KindNames"/>.</summary>
    public int KindNumberOf(int index) => _kinds[index];

    /// <summary>The lane of a case.</summary>
    public int LaneOf(int index) => _lanes[index];

    /// <summary>The first case of a lane.</summary>
    public int FirstOfLane(int lane) => _firstOfLane[lane];

    /// <summary>The next case of the same lane in the plan's order; -1 after the last.</summary>
    public int NextInLane(int index) => _nextInLane[index];

    /// <summary>Seconds the case may take; NaN: the batch's limit.</summary>
    public float TestTimeoutOf(int index) => _testTimeouts[index];

    /// <summary>The case's retry count; -1: the batch's.</summary>
    public int RetryCountOf(int index) => _retryCounts[index];

    /// <summary>Reads a case from the file. Safe from any thread.</summary>
    /// <param name="index">Its place.</param>
    /// <param name="withShared">False: its shared definition stays unread; its name and parameters need none.</param>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    /// <exception cref="TestBatchException">The file was changed since it was opened.</exception>
    public TestCase Load(int index, bool withShared = true)
    {
        var length = checked((int)(_offsets[index + 1] - _offsets[index] - 1));
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var line = buffer.AsSpan(0, length);
        try
        {
            Read(index, line);
            return PlanLine.Read(line, _kindNames[_kinds[index]], _texts, withShared ? _shared : static hash => new SharedDefinition(hash, ""));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new TestBatchException(
                "PlanChanged", ErrorKind.InvalidData, $"Line {index + 1} of plan.jsonl was changed after the batch began. Put the original back, or start a new batch.", index, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The line of a case with its line end.</summary>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    public byte[] ReadLine(int index)
    {
        var line = new byte[checked((int)(_offsets[index + 1] - _offsets[index]))];
        Read(index, line);
        return line;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Read(int index, Span<byte> line)
    {
        for (var read = 0; read < line.Length;)
        {
            var count = _file.Read(line[read..], _offsets[index] + read);
            read += count > 0 ? count : throw new EndOfStreamException($"plan.jsonl ends inside case {index}");
        }
    }

    private void ReadHeads(string path, long length)
    {
        var lanes = new Dictionary<string, ushort>(StringComparer.OrdinalIgnoreCase);
        var lastOfLane = new List<int>();
        var hash = new XxHash128();
        var buffer = new byte[ReadBlock];
        long position = 0;
        var held = 0;
        while (true)
        {
            var room = (int)Math.Min(buffer.Length - held, length - position - held);
            var count = _file.Read(buffer.AsSpan(held, room), position + held);
            hash.Append(buffer.AsSpan(held, count));
            held += count;
            var at = 0;
            while (buffer.AsSpan(at, held - at).IndexOf((byte)'\n') is >= 0 and var lineLength)
            {
                AddHead(path, buffer.AsSpan(at, lineLength), position + at, lanes, lastOfLane);
                at += lineLength + 1;
            }

            position += at;
            held -= at;
            if (count == 0)
            {
                break;
            }

            buffer.AsSpan(at, held).CopyTo(buffer);
            if (held == buffer.Length)
            {
                Expect(path, held < LongestLine, "is too long");
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }

        Expect(path, held == 0, "is cut off");
        _offsets.Add(position);
        Hash = CaseId.ToText(hash.GetCurrentHashAsUInt128());
        TrimToSize();
    }

    private void AddHead(string path, ReadOnlySpan<byte> line, long offset, Dictionary<string, ushort> lanes, List<int> lastOfLane)
    {
        PlanHead head;
        try
        {
            head = PlanLine.ReadHead(line, _texts);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Damaged(path, "is no test case: " + e.Message, e);
        }

        var index = _ids.Count;
        if (!lanes.TryGetValue(head.Lane, out var lane))
        {
            Expect(path, lanes.Count <= ushort.MaxValue, $"names a lane beyond the {ushort.MaxValue} that a plan may have");
            lane = (ushort)lanes.Count;
            lanes.Add(head.Lane, lane);
            _laneNames.Add(head.Lane);
            _firstOfLane.Add(index);
            lastOfLane.Add(index);
        }
        else
        {
            _nextInLane[lastOfLane[lane]] = index;
            lastOfLane[lane] = index;
        }

        var kind = _kindNames.IndexOf(head.Kind);
        if (kind < 0)
        {
            kind = _kindNames.Count;
            _kindNames.Add(head.Kind);
        }

        _ids.Add(head.Id);
        _offsets.Add(offset);
        _testTimeouts.Add((float)head.TestTimeoutSeconds);
        _retryCounts.Add((sbyte)Math.Clamp(head.RetryCount, -1, sbyte.MaxValue));
        _lanes.Add(lane);
        _kinds.Add((byte)kind);
        _nextInLane.Add(-1);
    }

    // A list that grew by doubling may hold twice what it needs, for as long as the batch lives.
    private void TrimToSize()
    {
        _ids.TrimExcess();
        _offsets.TrimExcess();
        _testTimeouts.TrimExcess();
        _retryCounts.TrimExcess();
        _lanes.TrimExcess();
        _kinds.TrimExcess();
        _nextInLane.TrimExcess();
    }

    private void Expect(string path, bool condition, string problem)
    {
        if (!condition)
        {
            throw Damaged(path, problem, null);
        }
    }

    private TestBatchException Damaged(string path, string problem, Exception? inner) =>
        new("PlanDamaged", ErrorKind.InvalidData, $"Line {_ids.Count + 1} of '{path}' {problem}. Put the original back: without it the batch can neither go on nor be read here; its results in results/*.parquet are untouched.", path, inner);
}
