using System.Globalization;
using System.Runtime.CompilerServices;
using PSRunner.Engine;
using PSRunner.Engine.Detached;

namespace PSRunner.Hosting;

/// <summary>
/// A batch in a process of its own, under a parent that guards it: what <c>Start-TestBatch -Detached</c> starts. Each of the
/// two is a PowerShell whose command line calls a method of this type and does nothing else.
/// </summary>
public static class DetachedBatch
{
    /// <summary>Names the seconds that a batch's status may stand still before its guardian kills it; for tests.</summary>
    private const string StillVariable = "PSRUNNER_STILL_SECONDS";

    private const double UsualStillSeconds = 60;

    /// <summary>The life of a guardian; called by its own command line only.</summary>
    /// <param name="runFolder">The batch.</param>
    /// <param name="changes">What its first session does differently.</param>
    /// <returns>The exit code.</returns>
    public static int Guard(string runFolder, string changes)
    {
        EngineLoadContext.Attach();
        return GuardBatch(runFolder, changes);
    }

    /// <summary>The life of the batch's process; called by its own command line only.</summary>
    /// <param name="runFolder">The batch.</param>
    /// <param name="changes">What this session does differently.</param>
    /// <param name="inPlace">True when it goes on for a process that died.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string runFolder, string changes, bool inPlace)
    {
        EngineLoadContext.Attach();
        return RunBatch(runFolder, changes, inPlace);
    }

    /// <summary>Starts guardian and batch, and waits until the batch is worked on.</summary>
    /// <exception cref="TestBatchException"><c>DetachedNotStarted</c>, <c>NoShellFound</c>.</exception>
    internal static void Start(string runFolder, ResumeOptions changes, WaitHandle canceled)
    {
        StoredBatch.CheckNeeds(runFolder, changes, Executors.For(StoredBatch.OptionsOf(runFolder), isDetached: true));
        var (program, arguments) = ModuleShell.Call(typeof(DetachedBatch), nameof(Guard), runFolder, DetachedStart.ToWord(changes));
        DetachedStart.Start(runFolder, program, arguments, canceled);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int GuardBatch(string runFolder, string changes)
    {
        var still = double.TryParse(Environment.GetEnvironmentVariable(StillVariable), CultureInfo.InvariantCulture, out var given) ? given : UsualStillSeconds;
        using var guardian = new BatchGuardian(runFolder, StartBatch, TimeSpan.FromSeconds(still), TimeProvider.System, Log);
        using var signals = new EndSignals(_ => guardian.Stop(), processGoesOn: true);
        return guardian.Run() ? 0 : 1;

        IGuardedProcess StartBatch(bool inPlace)
        {
            // What was to run again has been noted by the first session.
            var now = inPlace ? DetachedStart.ToWord(DetachedStart.FromWord(changes) with { RetryOutcome = [] }) : changes;
            var (program, arguments) = ModuleShell.Call(typeof(DetachedBatch), nameof(Run), runFolder, now, inPlace);
            return GuardedProcess.Start(program, arguments);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int RunBatch(string runFolder, string changes, bool inPlace)
    {
        using var run = UnattendedRun.Resume(runFolder, DetachedStart.FromWord(changes), inPlace);
        using var signals = new EndSignals(_ => run.RequestStop("Its process was asked to end."), processGoesOn: true);
        run.Pump(_ => { }, Log);
        return 0;
    }

    // The process's own output: the file detached.log.
    private static void Log(string text) => ConsoleText.Try(() =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z {Environment.ProcessId}: {text}")));
}
