using System.Globalization;
using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Processes;
using PSRunner.Engine.Processes.Unix;

namespace PSRunner.Engine.Commands;

/// <summary>
/// Runs command cases: a program with its arguments, no shell in between, whose whole tree of processes can be ended.
/// Exit code 0 is passed and another failed; a JSON object as the last line of its output may say more.
/// </summary>
/// <param name="metrics">Metrics that the commands will give beside those that are measured of each.</param>
#pragma warning disable CA1001 // The session owns them; the executor outlives it and may run another.
public sealed class CommandExecutor(IReadOnlyList<string>? metrics = null) : ISessionExecutor
#pragma warning restore CA1001
{
    private SessionProcesses? _session;

    /// <inheritdoc/>
    public string Kind => CommandCases.Kind;

    /// <inheritdoc/>
    public string Fingerprint => "command/1";

    /// <inheritdoc/>
    public IReadOnlyList<string> Metrics { get; } = [.. CommandMetrics.All, .. metrics ?? []];

    /// <inheritdoc/>
    public bool JudgesModel => false;

    /// <inheritdoc/>
    public bool CanCrashHost => false;

    /// <inheritdoc/>
    public double DefaultTestTimeoutSeconds => 600;

    /// <inheritdoc/>
    public Secrets Secrets { get; } = new();

    /// <inheritdoc/>
    public IDisposable? BeginSession(SessionFacts session)
    {
        _session = session.Processes;
        return null;
    }

    /// <inheritdoc/>
    public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
    {
        var session = _session ?? throw new InvalidOperationException("Commands run in a session.");
        var definition = CommandDefinition.Of(context.Case);
        await session.SweptAsync(cancellation).ConfigureAwait(false);
        ScratchFolder scratch;
        try
        {
            scratch = session.RentScratch();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return NotStarted($"Its scratch folder could not be made: {e.Message}");
        }

        var (keepAs, reuse) = (session.PathFor(context), false);
        try
        {
            var (report, isAlone) = await RunAsync(session, scratch, definition, context, cancellation).ConfigureAwait(false);
            (keepAs, reuse) = (report.Cause == Causes.None ? null : keepAs, isAlone);
            return report;
        }
        finally
        {
            session.ReturnScratch(scratch, keepAs, reuse);
        }
    }

    // The second: whether nothing of the attempt can still write to its output.
    private async Task<(AttemptReport Report, bool IsAlone)> RunAsync(
        SessionProcesses session, ScratchFolder scratch, CommandDefinition definition, AttemptContext context, CancellationToken cancellation)
    {
        if (definition.Secrets?.FirstOrDefault(s => Environment.GetEnvironmentVariable(s.Value) is null) is { Key: { } variable })
        {
            return (NotStarted($"$env:{definition.Secrets[variable]}, which {variable} is to get its value from, is not set."), true);
        }

        foreach (var source in definition.Secrets?.Values ?? [])
        {
            Secrets.Add(Environment.GetEnvironmentVariable(source)!);
        }

        ProcessTree tree;
        try
        {
            tree = session.Trees.Start(new ProcessTreeOptions
            {
                Program = definition.Program,
                Arguments = definition.Arguments,
                WorkingDirectory = definition.WorkingDirectory ?? scratch.WorkFolder,
                Environment = VariablesOf(definition),
                StandardInput = definition.StandardInput is { } input ? Encoding.UTF8.GetBytes(input) : default,
                StandardOutputPath = scratch.OutputFile,
                StandardErrorPath = scratch.ErrorFile,
                Marker = session.MarkerOf(context),
                MemoryLimitKiB = session.MemoryLimitKiB,
                Yields = true,
            });
        }
        catch (ProcessStartException e)
        {
            return (NotStarted(e.Message), true);
        }

        context.ReportProgress(string.Create(CultureInfo.InvariantCulture, $"started process {tree.Pid}"));
        ProcessExit exit;
        using (session.Watch.Watch([scratch.OutputFile, scratch.ErrorFile], Grown))
        {
            exit = await EndOfAsync(tree, () => context.EndsAtOnce ? TimeSpan.Zero : session.Grace, cancellation).ConfigureAwait(false);
        }

        await session.LetShutdownComeAsync(exit, cancellation).ConfigureAwait(false);
        if (exit.Survivors.Count > 0)
        {
            // The conductor tells the last activity in the message of a timeout.
            context.ReportProgress($"could not be ended: {SessionProcesses.Describe(exit.Survivors)}");
            session.NoteSurvivors(context.Case.Name, SessionProcesses.Describe(exit.Survivors));
        }

        CommandOutput output;
        IReadOnlyList<Artifact> artifacts;
        try
        {
            output = CommandOutput.Read(scratch);
            artifacts = output.Artifacts(scratch);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (new AttemptReport { Cause = Causes.Lost, Message = $"What it wrote could not be read: {e.Message}" }, false);
        }

        var report = exit.OverLimitKiB > 0 && !cancellation.IsCancellationRequested
            ? Judge(exit, output, canceled: true) with { Cause = Causes.MemoryLimit, Message = session.DescribeOverLimit(exit) }
            : Judge(exit, output, cancellation.IsCancellationRequested);
        if (!cancellation.IsCancellationRequested)
        {
            report = session.Believe(report);
        }

        return (report with { Output = output.Text, Artifacts = artifacts }, exit.Strays + exit.Survivors.Count == 0);

        void Grown(long bytes) => context.ReportProgress(string.Create(CultureInfo.InvariantCulture, $"wrote {bytes} bytes"));
    }

    private static async Task<ProcessExit> EndOfAsync(ProcessTree tree, Func<TimeSpan> grace, CancellationToken cancellation)
    {
        try
        {
            return await tree.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return await tree.EndAsync(grace()).ConfigureAwait(false);
        }
    }

    private static AttemptReport Judge(ProcessExit exit, CommandOutput output, bool canceled)
    {
        var verdict = canceled ? CommandVerdict.None : CommandVerdict.Read(output.Out.Text);
        var (cause, why) = CauseOf(exit, output, verdict);
        var survivors = exit.Survivors.Count > 0 ? $"could not be ended: {SessionProcesses.Describe(exit.Survivors)}" : "";
        return new AttemptReport
        {
            Cause = cause,
            Score = verdict.Score,
            ScoreDecides = verdict.Outcome.Length == 0 && !double.IsNaN(verdict.Score),
            Message = string.Join("; ", ((string[])[why, verdict.Message, survivors]).Where(part => part.Length > 0)),
            Metrics = new Dictionary<string, double>(verdict.Metrics, StringComparer.Ordinal)
            {
                [CommandMetrics.ExitCode] = exit.ExitCode ?? double.NaN,
                [CommandMetrics.Signal] = exit.Signal.Length > 0 ? SignalName.NumberOf(exit.Signal) : double.NaN,
                [CommandMetrics.PeakMemoryMB] = exit.PeakMemoryKiB / 1024,
                [CommandMetrics.CpuSeconds] = exit.CpuSeconds,
                [CommandMetrics.OutputBytes] = output.Out.Length,
                [CommandMetrics.ErrorBytes] = output.Error.Length,
            },
        };
    }

    // A signal is no verdict: the program was killed for want of memory, or broke before it could judge. So it is a crash
    // of the process that ran the test, which is tried once more and never scored. A code is what the program said itself.
    private static (string Cause, string Message) CauseOf(ProcessExit exit, CommandOutput output, CommandVerdict verdict)
    {
        var last = CommandVerdict.LastLine(output.Error.Text).ToString();
        var told = last.Length > 0 ? ": " + last : "";
        return exit switch
        {
            { Signal.Length: > 0 } => (Causes.WorkerCrash, $"ended by {exit.Signal}{told}"),
            { ExitCode: null } => (Causes.Lost, "its end could not be seen"),
            { ExitCode: 126 or 127 } => (Causes.NotStarted, string.Create(CultureInfo.InvariantCulture, $"exit {exit.ExitCode}{told}")),
            { ExitCode: not 0 } => (Causes.ExitCode, string.Create(CultureInfo.InvariantCulture, $"exit {exit.ExitCode}{told}")),
            _ when verdict.Outcome == Outcomes.Failed => (Causes.Assertion, ""),
            _ when verdict.Outcome == Outcomes.Errored => (Causes.Exception, ""),
            _ when verdict.Outcome == Outcomes.Skipped => (Causes.NotApplicable, ""),
            _ => (Causes.None, ""),
        };
    }

    private static Dictionary<string, string?> VariablesOf(CommandDefinition definition)
    {
        var variables = new Dictionary<string, string?>(definition.Environment ?? new Dictionary<string, string?>(), StringComparer.Ordinal);
        foreach (var (name, source) in definition.Secrets ?? new Dictionary<string, string>())
        {
            variables[name] = Environment.GetEnvironmentVariable(source);
        }

        return variables;
    }

    private static AttemptReport NotStarted(string message) => new() { Cause = Causes.NotStarted, Message = message };
}
