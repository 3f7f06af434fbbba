using System.Collections.Concurrent;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Scheduling;
using PSRunner.Engine.Tests.Scheduling;

namespace PSRunner.Engine.Tests.Execution;

/// <summary>A session with a real conductor thread and a journal in memory that is durable at once.</summary>
internal sealed class MemoryBatch : IJournal, ICaseSource
{
    private readonly Func<int, TestCase> _cases;

    public MemoryBatch(int count, ITestExecutor executor, BatchOptions? options = null, Func<int, TestCase>? cases = null, RecoveredState? recovered = null)
    {
        Plan = SimulatedPlan.Of(count);
        Array.Fill(Plan.Judges, executor.JudgesModel);
        Array.Fill(Plan.InProcess, executor.CanCrashHost);
        _cases = cases ?? (i => new TestCase(executor.Kind, $"case {i}"));
        options ??= Options();
        Conductor = new Conductor(new Session
        {
            Plan = Plan,
            Cases = this,
            Executors = new Dictionary<string, ITestExecutor> { [executor.Kind] = executor },
            Limits = LimitLadder.Resolve(options, new PlanFacts(count, executor.JudgesModel, executor.DefaultTestTimeoutSeconds)),
            Recovered = recovered ?? new RecoveredState(),
            Journal = this,
            Results = new ResultFactory(ResultSchema.Build([], executor.Metrics), "batch", "/run", 1),
            KeepArtifact = options.KeepArtifact,
            PassScore = options.PassScore,
            Note = note =>
            {
                Notes.Enqueue(note);
                OnNote?.Invoke(note);
            },
        });
    }

    public Conductor Conductor { get; }

    public SimulatedPlan Plan { get; }

    public ConcurrentQueue<TestResult> Results { get; } = [];

    public ConcurrentQueue<string> Notes { get; } = [];

    public ConcurrentQueue<string> Records { get; } = [];

    public Action<string>? OnRecord { get; set; }

    public Action<string>? OnNote { get; set; }

    public static BatchOptions Options(double? test = null, double grace = 5, int throttle = 8, double? stall = null, int retries = 0) => new()
    {
        OutputPath = "", ThrottleLimit = throttle, TestTimeoutSeconds = test, StallTimeoutSeconds = stall, GracePeriodSeconds = grace, RetryCount = retries,
    };

    /// <summary>Runs to the end; a minute is the bound of a test that would hang.</summary>
    public BatchEnd Run()
    {
        Conductor.Start();
        return End();
    }

    public BatchEnd End() => Conductor.Join(TimeSpan.FromMinutes(1)) ?? throw new TimeoutException("The session did not end within a minute.");

    public TestCase Load(int index) => _cases(index);

    public string IdOf(int index) => index.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    void IJournal.Started(AttemptToken token, int index, int attempt, bool tellWhenWritten)
    {
        Record($"started {index}");
        if (tellWhenWritten)
        {
            Conductor.Post(new SchedulerEvent.StartWritten(token));
        }
    }

    void IJournal.AttemptEnded(int index, int attempt, string cause, string message, double seconds) => Record($"attempt ended {index} {cause}");

    void IJournal.Canceled(int index, int attempt) => Record($"canceled {index}");

    void IJournal.Ended(TestResult result, IReadOnlyList<Artifact> artifacts)
    {
        Record($"ended {result.Index}");
        Results.Enqueue(result);
        Conductor.Post(new SchedulerEvent.ResultsDurable(1));
        Conductor.Post(new SchedulerEvent.ResultsConsumed(1));
    }

    private void Record(string record)
    {
        Records.Enqueue(record);
        OnRecord?.Invoke(record);
    }
}
