using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests;

/// <summary>Runs cases through the executor as the engine would, without the engine.</summary>
internal static class Attempts
{
    public static readonly AttemptLimits Limits = new(TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(900));

    /// <summary>Models that answer at once.</summary>
    public static EmbeddedModels Instant { get; } = new(0);

    public static AttemptContext Context(TestCase testCase, int tryNumber = 1, TimeProvider? time = null, AttemptLimits? limits = null, int attempt = 1) => new()
    {
        Case = testCase,
        CaseId = Id(testCase),
        Attempt = attempt,
        Try = tryNumber,
        Limits = limits ?? Limits,
        Time = time ?? TimeProvider.System,
        SharedText = testCase.Shared?.Text,
    };

    public static Task<AttemptReport> RunAsync(TestCase testCase, WorkflowExecutor? executor = null, int tryNumber = 1) =>
        (executor ?? new WorkflowExecutor(Instant)).RunAsync(Context(testCase, tryNumber), TestContext.Current.CancellationToken);

    /// <summary>Something like the engine's id: a hash of all that tells cases apart.</summary>
    public static string Id(TestCase testCase) =>
        ContentHash.Of(string.Join('|', testCase.GetParameters().Select(p => $"{p.Key}={p.Value}").Append(testCase.Name).Append(testCase.Definition)));

    /// <summary>All of a report as bytes that can be compared.</summary>
    public static string Bytes(AttemptReport report)
    {
        var text = new StringBuilder()
            .AppendJoin('|', report.Cause, report.Score, report.Message, report.Output, report.RetryAfter).AppendLine()
            .AppendJoin('|', report.Metrics.Select(m => $"{m.Key}={m.Value:R}")).AppendLine();
        foreach (var artifact in report.Artifacts)
        {
            text.AppendLine(artifact.FileName).Append(Encoding.UTF8.GetString(artifact.Content.Span));
        }

        return text.ToString();
    }
}
