using PSRunner.Engine.Commands;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Tests.Execution;

/// <summary>One way in which a test can misbehave, and how it must end.</summary>
/// <param name="Name">In the case's name.</param>
/// <param name="Kind">Who runs it: code in this process, a command, a worker process.</param>
/// <param name="Causes">The causes that are right.</param>
/// <param name="Script">The command's script; the worker's fault.</param>
/// <param name="Run">The code.</param>
internal sealed record Fault(string Name, string Kind, string[] Causes, string Script = "", Func<AttemptContext, CancellationToken, Task<AttemptReport>>? Run = null)
{
    /// <summary>False for those that do nothing wrong.</summary>
    public bool Misbehaves => Name is not ("passes" or "leaves-artifacts");

    /// <summary>True for those that nothing ends but their limit.</summary>
    public bool NeedsLimit => Causes.Contains(PSRunner.Causes.TestTimeout);
}

/// <summary>All of them.</summary>
internal static class Faults
{
    /// <summary>Kind of the cases that <c>PSRunner.CrashCampaign child worker</c> runs.</summary>
    public const string Worker = "worker";

    /// <summary>Kind of the cases that are code in this process.</summary>
    public const string Code = "noop";

    /// <summary>Kind of the cases that are commands.</summary>
    public const string Command = CommandCases.Kind;

    /// <summary>Held until the batch is over: what never returns, returns then.</summary>
    public static TaskCompletionSource<AttemptReport> Never { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ignores everything. Only as many of these as a batch bears.</summary>
    public static Fault NeverReturns { get; } = InCode("never-returns", Silent, (_, _) => Never.Task);

    private static string[] Silent => [Causes.TestTimeout];

    public static IReadOnlyList<Fault> All { get; } =
    [
        InCode("passes", [Causes.None], (_, _) => End()),
        InCode("throws", [Causes.Exception], (_, _) => throw new InvalidOperationException("at once")),
        InCode("throws-later", [Causes.Exception], async (c, _) => { await Pause(c); throw new FormatException("later"); }),
        InCode("is-canceled-by-itself", [Causes.Exception], async (c, _) => { await Pause(c); throw new OperationCanceledException("by itself"); }),
        InCode("allocates-too-much", [Causes.Exception], (_, _) => End(new AttemptReport { Output = new string('x', int.MaxValue) })),
        InCode("returns-null", [Causes.Exception], (_, _) => Task.FromResult<AttemptReport>(null!)),
        InCode("returns-no-task", [Causes.Exception], (_, _) => null!),
        InCode("has-null-inside", [Causes.Exception], (_, _) => End(new AttemptReport { Output = null! })),
        InCode("gives-an-unknown-cause", [Causes.Exception], (_, _) => End(new AttemptReport { Cause = "because" })),
        InCode("leaves-its-folder", [Causes.Exception], (_, _) => End(new AttemptReport { Artifacts = [new Artifact("../x", "x"u8.ToArray())] })),
        InCode("scores-nothing", [Causes.WrongAnswer], (_, _) => End(new AttemptReport { Score = double.NaN, ScoreDecides = true })),
        InCode("measures-nonsense", [Causes.None], (_, _) => End(new AttemptReport { Metrics = new Dictionary<string, double> { ["Ticks"] = double.NaN, ["a\0\uD800b"] = double.PositiveInfinity } })),
        InCode("bursts-output", [Causes.None], (_, _) => End(new AttemptReport { Output = new string('x', 3 << 20) + "\uD800" })),
        InCode("bursts-progress", [Causes.None], (c, _) => { for (var i = 0; i < 20_000; i++) { c.ReportProgress("busy"); } return End(); }),
        InCode("leaves-artifacts", [Causes.None], (_, _) => End(new AttemptReport { Artifacts = [new Artifact("big.bin", new byte[200_000]), new Artifact("small.bin", new byte[1])] })),
        InCode("hangs", Silent, async (_, cancellation) => { await Task.Delay(Timeout.Infinite, cancellation); return new AttemptReport(); }),
        InCode("hangs-busily", [Causes.TestTimeout], HangBusily),
        InCode("blocks-a-thread", Silent, (_, cancellation) => { cancellation.WaitHandle.WaitOne(); return End(); }),
        InCode("spins", Silent, (_, cancellation) => { SpinWait.SpinUntil(() => cancellation.IsCancellationRequested); return End(); }),
        InCode("throws-when-canceled", Silent, async (_, cancellation) =>
        {
            using var trap = cancellation.Register(() => throw new InvalidOperationException("no"));
            await Task.Delay(Timeout.Infinite, cancellation);
            return new AttemptReport();
        }),
        InCode("blocks-its-cancellation", Silent, async (c, cancellation) =>
        {
            using var ended = new SemaphoreSlim(0);
            await using var trap = cancellation.UnsafeRegister(_ => { ended.Release(); Never.Task.Wait(TimeSpan.FromMilliseconds(200), CancellationToken.None); }, null);
            await ended.WaitAsync(CancellationToken.None);
            return new AttemptReport();
        }),
        InCode("returns-late", Silent, async (c, _) => { await Task.WhenAny(Never.Task, Task.Delay(c.Limits.Test + TimeSpan.FromSeconds(4), c.Time)); return new AttemptReport(); }),
        InCode("is-throttled", [Causes.Throttled], (_, _) => End(new AttemptReport { Cause = Causes.Throttled, RetryAfter = TimeSpan.FromMilliseconds(100) })),
        InCode("is-not-answered", [Causes.NoReply], (_, _) => End(new AttemptReport { Cause = Causes.NoReply })),
        InCode("recovers", [Causes.None], (c, _) => End(c.Try == 1 ? new AttemptReport { Cause = Causes.Connection } : new AttemptReport())),
        InCode("takes-workers-down", [Causes.WorkerCrash], (_, _) => End(new AttemptReport { Cause = Causes.WorkerCrash })),

        InShell("exits", [Causes.ExitCode], "exit 3"),
        InShell("is-killed", [Causes.WorkerCrash], "kill -9 $$"),
        InShell("sleeps", Silent, "sleep 1000"),
        InShell("ignores-term", Silent, "trap '' TERM; while :; do sleep 1000; done"),
        InShell("leaves-a-daemon", [Causes.None], "setsid -f sleep 1000"),
        InShell("hangs-above-a-tree", Silent, "(setsid sh -c 'sleep 1000 & sleep 1000' &); sh -c 'sleep 1000 & sleep 1000'"),
        InShell("stops-itself", Silent, "kill -STOP $$; sleep 1000"),
        InShell("closes-its-output", Silent, "exec >&- 2>&-; sleep 1000"),
        InShell("writes-much", [Causes.None], "head -c 2000000 /dev/zero"),
        InShell("is-not-there", [Causes.NotStarted], "exec /no/such/program 2>/dev/null"),
        InShell("judges-by-half", [Causes.None], "echo '{ \"score\": '"),
        InShell("forks", [Causes.None], "for i in 1 2 3 4 5; do sleep 1000 & done"),
        InShell("removes-its-folder", [Causes.None], "rm -rf \"$PWD\""),

        InWorker("passes", Causes.None), InWorker("exits", Causes.WorkerCrash), InWorker("kills-itself", Causes.WorkerCrash),
        InWorker("dies-with-children", Causes.WorkerCrash), InWorker("reports-nonsense", Causes.WorkerCrash), InWorker("sends-too-much", Causes.WorkerCrash),
        InWorker("closes-the-channel", Causes.WorkerCrash), InWorker("gives-an-unknown-cause", Causes.Exception), InWorker("sends-unknown", Causes.None),
        InWorker("reports-twice", Causes.None), InWorker("bursts", Causes.None), InWorker("hangs", Silent), InWorker("hangs-with-children", Silent),
        InWorker("stops-itself", Silent), InWorker("sends-half", Silent),
    ];

    private static Fault InCode(string name, string[] causes, Func<AttemptContext, CancellationToken, Task<AttemptReport>> run) => new(name, Code, causes, Run: run);

    private static Fault InShell(string name, string[] causes, string script) => new(name, Command, causes, script);

    private static Fault InWorker(string name, params string[] causes) => new(name, Worker, causes, name);

    private static Task<AttemptReport> End(AttemptReport? report = null) => Task.FromResult(report ?? new AttemptReport());

    private static Task Pause(AttemptContext context) => Task.Delay(TimeSpan.FromMilliseconds(20), context.Time);

    private static async Task<AttemptReport> HangBusily(AttemptContext context, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), context.Time, cancellation);
            context.ReportProgress("still at it");
        }
    }
}
