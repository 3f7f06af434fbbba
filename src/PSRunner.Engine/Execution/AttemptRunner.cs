using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>Runs attempts on threads of the pool: reads the case, runs its executor, turns whatever happens into a report.</summary>
/// <param name="cases">The frozen plan.</param>
/// <param name="executors">The executors by kind.</param>
/// <param name="passScore">A score without a verdict passes from here on.</param>
/// <param name="time">The batch's clock.</param>
/// <param name="post">Where the end of an attempt is told.</param>
internal sealed class AttemptRunner(
    ICaseSource cases, IReadOnlyDictionary<string, ITestExecutor> executors, double passScore, TimeProvider time, Action<SchedulerEvent> post)
{
    // In characters, of which each may be three bytes: file systems take 255.
    private const int LongestFileName = 80;
    private static readonly System.Buffers.SearchValues<char> NotInFileNames = System.Buffers.SearchValues.Create("/\\:*?\"<>|");

    public TimeProvider Time => time;

    /// <summary>Runs an attempt to its end and tells the conductor. Throws nothing.</summary>
    public async Task RunAsync(RunningAttempt attempt)
    {
        AttemptReport report;
        try
        {
            report = Judge(await ExecuteAsync(attempt).ConfigureAwait(false));
        }
        catch (CasePostponedException)
        {
            attempt.End(new AttemptReport());
            post(new SchedulerEvent.Ended(attempt.Token, Cause: null));
            return;
        }
#pragma warning disable CA1031 // Whatever a test throws is that test's result.
        catch (Exception e)
        {
            report = new AttemptReport { Cause = Causes.Exception, Message = $"{e.GetType().Name}: {e.Message}", Output = e.ToString() };
        }
#pragma warning restore CA1031

        // The one way out of every executor, and of what it throws.
        if (attempt.Context is { } context && executors.TryGetValue(context.Case.Kind, out var executor))
        {
            report = executor.Secrets.Redact(report);
        }

        attempt.End(report);
        post(new SchedulerEvent.Ended(attempt.Token, report.Cause, report.RetryAfter));
    }

    private Task<AttemptReport> ExecuteAsync(RunningAttempt attempt)
    {
        TestCase testCase;
        ITestExecutor executor;
        try
        {
            testCase = cases.Load(attempt.Index);
            executor = executors[testCase.Kind];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TestBatchException or KeyNotFoundException)
        {
            return Task.FromResult(new AttemptReport { Cause = Causes.NotStarted, Message = $"The case could not be read from the plan: {e.Message}" });
        }

        var context = new AttemptContext
        {
            Case = testCase,
            CaseId = cases.IdOf(attempt.Index),
            Attempt = attempt.Number,
            Try = attempt.Try,
            Limits = attempt.Limits!,
            Time = time,
            SharedText = testCase.Shared?.Text,
        };
        attempt.TakeUp(context);
        return executor.RunAsync(context, attempt.Cancellation.Token);
    }

    private static bool IsPlain(string fileName) =>
        fileName.Length is > 0 and <= LongestFileName && fileName is not ("." or "..")
        && fileName.AsSpan().IndexOfAny(NotInFileNames) < 0 && !fileName.Any(char.IsControl);

    private AttemptReport Judge(AttemptReport? report)
    {
        // Executors are others' code too; what is missing here would end the conductor or the journal.
        if (report is not { Cause: not null, Message: not null, Output: not null, Metrics: not null, Artifacts: not null })
        {
            return new AttemptReport { Cause = Causes.Exception, Message = "The executor returned no report, or one with null in it." };
        }

        if (!Causes.IsKnown(report.Cause))
        {
            return report with { Cause = Causes.Exception, Message = $"The executor gave the unknown cause '{report.Cause}'. {report.Message}" };
        }

        // A name that no disk takes would hold up the journal, which tries for ever.
        if (report.Artifacts.FirstOrDefault(artifact => !IsPlain(artifact.FileName)) is { } bad)
        {
            return report with
            {
                Cause = Causes.Exception, Artifacts = [],
                Message = $"The executor gave an artifact the name '{bad.FileName}', which is no plain file name. {report.Message}",
            };
        }

        return report is { Cause: Causes.None, ScoreDecides: true } && !(report.Score >= passScore)
            ? report with { Cause = Causes.WrongAnswer }
            : report;
    }
}
