using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Planning;

/// <summary>
/// Writes plan.jsonl as the cases come, so that a plan of a million cases never stands in memory, and learns on the way
/// what the plan's results will look like.
/// </summary>
internal sealed class PlanWriter : IDisposable
{
    private const int FlushAt = 256 * 1024;
    private const int MostParameterNames = 4096;
    private const long LargestExactInteger = 1L << 53;
    private const int LongestCase = 8 * 1024 * 1024;

    // Each worker holds it, and gets it in one message.
    private const int LongestShared = 32 * 1024 * 1024;

    private readonly Action<ReadOnlySpan<byte>> _write;
    private readonly Dictionary<string, ITestExecutor> _executors;
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushAt * 2);
    private readonly Utf8JsonWriter _json;

    // How often each case was seen. Equal cases are kept apart by a repeat number, never dropped. Goes when the plan freezes.
    private readonly Dictionary<UInt128, int> _seen = [];
    private readonly Dictionary<string, SharedDefinition> _shared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _parameterIndex = new(StringComparer.Ordinal);
    private readonly List<(string Name, ColumnType? Type)> _parameters = [];
    private readonly Dictionary<int, string> _ofThisCase = [];
    private readonly Dictionary<string, int> _lanes = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _kinds = new(StringComparer.Ordinal);
    private readonly HashSet<string> _needs = new(StringComparer.Ordinal);
    private readonly XxHash128 _hash = new();

    /// <param name="write">Writes some lines behind those before them; throws <see cref="IOException"/> when they find no room.</param>
    /// <param name="executors">One for each kind that may occur.</param>
    public PlanWriter(Action<ReadOnlySpan<byte>> write, IEnumerable<ITestExecutor> executors)
    {
        _write = write;
        _executors = executors.ToDictionary(e => e.Kind, StringComparer.Ordinal);
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>Cases written, repeats included.</summary>
    public int Count { get; private set; }

    /// <summary>The longest limit that any case asks for; NaN when none does.</summary>
    public double LongestTestTimeoutSeconds { get; private set; } = double.NaN;

    /// <summary>The highest retry count that any case asks for; 0 when none does.</summary>
    public int HighestRetryCount { get; private set; }

    /// <summary>Cases by lane, repeats included.</summary>
    public IReadOnlyDictionary<string, int> Lanes => _lanes;

    /// <summary>XxHash128 of the file, 32 hex digits; whole after <see cref="Finish"/>.</summary>
    public string Hash => CaseId.ToText(_hash.GetCurrentHashAsUInt128());

    /// <summary>The executors of the kinds that occurred.</summary>
    public IEnumerable<ITestExecutor> UsedExecutors => _executors.Values.Where(e => _kinds.Contains(e.Kind));

    /// <summary>The parameters' names as typed, and the type that holds all values so far; null: all were null.</summary>
    public IReadOnlyList<(string Name, ColumnType? Type)> Parameters => _parameters;

    /// <summary>What the cases need from outside, each once.</summary>
    public IReadOnlyCollection<string> Needs => _needs;

    /// <summary>The shared definitions that the cases name.</summary>
    public IReadOnlyCollection<SharedDefinition> Shared => _shared.Values;

    /// <summary>Writes a case, as often as it repeats.</summary>
    /// <exception cref="TestBatchException">No executor knows the kind, or the case is too large for a plan.</exception>
    public void Add(TestCase testCase)
    {
        if (!_executors.TryGetValue(testCase.Kind, out var executor))
        {
            throw new TestBatchException(
                "UnknownTestKind", ErrorKind.InvalidArgument,
                $"Test case '{testCase.Name}' is of kind '{testCase.Kind}', which nothing here can run. Known kinds: {string.Join(", ", _executors.Keys.Order(StringComparer.Ordinal))}.",
                testCase);
        }

        _kinds.Add(testCase.Kind);
        if (executor.NeedOf(testCase) is { Length: > 0 } need)
        {
            _needs.Add(need);
        }

        if (testCase.Shared is { } shared && _shared.TryAdd(shared.Hash, shared) && Encoding.UTF8.GetByteCount(shared.Text) is > LongestShared and var length)
        {
            throw new TestBatchException(
                "TestCaseTooLarge", ErrorKind.InvalidArgument,
                $"What test case '{testCase.Name}' shares with others (a script with its $using: values) takes {length >> 20} MiB; it may take {LongestShared >> 20}. Pass big values as files.",
                testCase);
        }

        LongestTestTimeoutSeconds = double.IsNaN(LongestTestTimeoutSeconds) || testCase.TestTimeoutSeconds > LongestTestTimeoutSeconds
            ? testCase.TestTimeoutSeconds : LongestTestTimeoutSeconds;
        HighestRetryCount = Math.Max(HighestRetryCount, testCase.RetryCount ?? 0);
        _lanes[testCase.Lane] = _lanes.GetValueOrDefault(testCase.Lane) + Math.Max(1, testCase.Repeat);
        LearnParameters(testCase);
        var first = CaseId.Compute(testCase, executor.Fingerprint, 1);
        for (var i = 0; i < Math.Max(1, testCase.Repeat); i++)
        {
            ref var seen = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_seen, first, out _);
            seen++;
            var id = seen == 1 ? first : CaseId.Compute(testCase, executor.Fingerprint, seen);
            WriteLine(CaseId.ToText(id), seen, testCase);
        }
    }

    /// <summary>Writes what is still buffered and tells what columns the results will have.</summary>
    public ResultSchema Finish()
    {
        WriteBuffer();
        _seen.Clear();
        _seen.TrimExcess();
        return ResultSchema.Build(
            _parameters.Select(p => (p.Name, p.Type ?? ColumnType.Text)),
            UsedExecutors.SelectMany(e => e.Metrics).Distinct(StringComparer.Ordinal));
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void WriteLine(string id, int repeat, TestCase testCase)
    {
        var before = _buffer.WrittenCount;
        _json.Reset();
        PlanLine.Write(_json, id, repeat, testCase);
        _json.Flush();
        if (_buffer.WrittenCount - before > LongestCase)
        {
            throw new TestBatchException(
                "TestCaseTooLarge", ErrorKind.InvalidArgument,
                $"Test case '{testCase.Name}' takes {(_buffer.WrittenCount - before) >> 20} MiB in the plan; a case may take {LongestCase >> 20}. Pass big inputs as files.",
                testCase);
        }

        _buffer.Write("\n"u8);
        Count++;
        if (_buffer.WrittenCount >= FlushAt)
        {
            WriteBuffer();
        }
    }

    private void WriteBuffer()
    {
        _write(_buffer.WrittenSpan);
        _hash.Append(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }

    private void LearnParameters(TestCase testCase)
    {
        _ofThisCase.Clear();
        foreach (var (name, value) in testCase.GetParameters())
        {
            var key = ResultSchema.Fold(name);
            if (!_parameterIndex.TryGetValue(key, out var at))
            {
                if (_parameters.Count == MostParameterNames)
                {
                    throw new TestBatchException(
                        "TooManyParameterNames", ErrorKind.InvalidArgument,
                        $"The cases have more than {MostParameterNames} different parameter names (the last is '{name}' of '{testCase.Name}'); each is a column of the results. Put what differs from case to case into one parameter.",
                        testCase);
                }

                at = _parameters.Count;
                _parameterIndex.Add(key, at);
                _parameters.Add((name, null));
            }

            if (!_ofThisCase.TryAdd(at, name))
            {
                throw new TestBatchException(
                    "ParametersClash", ErrorKind.InvalidArgument,
                    $"Test case '{testCase.Name}' has the parameters '{_ofThisCase[at]}' and '{name}', which are one column of the results: of a name only letters and digits count. Rename one of them.",
                    testCase);
            }

            if (TypeOf(value) is { } type)
            {
                _parameters[at] = (_parameters[at].Name, Widen(_parameters[at].Type, type));
            }
        }
    }

    // Whole and fractional numbers are one type, DOUBLE; mixed values become text, and so do numbers that a DOUBLE column
    // cannot hold: so a column has one type over all parts, and every value is what was given.
    private static ColumnType Widen(ColumnType? soFar, ColumnType next) => soFar is null || soFar == next ? next : ColumnType.Text;

    private static ColumnType? TypeOf(object? value) => value switch
    {
        null or double.NaN => null,
        bool => ColumnType.Boolean,
        double number when double.IsFinite(number) => ColumnType.Number,
        >= -LargestExactInteger and <= LargestExactInteger => ColumnType.Number,
        _ => ColumnType.Text,
    };
}
