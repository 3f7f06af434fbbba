using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Cases;

namespace PSRunner.Workflows.Tests;

/// <summary>Whole batches through the executor, without the engine.</summary>
public sealed class MatrixTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_flawed_matrix_gives_equal_bytes_in_any_order_and_at_any_parallelism()
    {
        var options = new WorkflowCaseOptions { Model = ["sim-strong", "sim-weak", "sim-unclosed-tags"], PromptType = ["flawed_*"], Instances = 5, Seed = 42 };
        var cases = WorkflowCases.Create(options, Attempts.Instant).ToList();
        Assert.Equal(525, cases.Count);

        var forward = await RunAllAsync(cases, 1);
        var shuffled = await RunAllAsync([.. cases.AsEnumerable().Reverse()], 16);

        foreach (var testCase in cases)
        {
            Assert.Equal(Attempts.Bytes(forward[testCase]), Attempts.Bytes(shuffled[testCase]));
        }

        Assert.All(forward.Values, report => Assert.True(Causes.IsKnown(report.Cause)));
        Assert.All(forward.Values, report => Assert.Equal(report.Cause.Length == 0, report.Score == 1));
        output.WriteLine(Table(forward));
    }

    [Fact]
    public async Task Numbers_differ_by_model_and_prompt_type_as_they_should()
    {
        var options = new WorkflowCaseOptions { Model = ["sim-strong", "sim-weak"], PromptType = ["*"], Instances = 20, Seed = 7 };
        var reports = await RunAllAsync([.. WorkflowCases.Create(options, Attempts.Instant)], 2);
        output.WriteLine(Table(reports));

        double Rate(string model, string prompt) => Scored(reports, model, prompt).Average(r => r.Cause.Length == 0 ? 1 : 0);
        Assert.InRange(Rate("sim-strong", "optimal"), 0.85, 0.97);
        Assert.True(Rate("sim-strong", "baseline") < Rate("sim-strong", "optimal"));
        Assert.True(Rate("sim-weak", "optimal") < Rate("sim-strong", "optimal") - 0.1);
        foreach (var flaw in (string[])["flawed_tool_misuse", "flawed_missing_step", "flawed_sequence_disorder", "flawed_semantic_drift"])
        {
            Assert.True(Rate("sim-strong", flaw) < Rate("sim-strong", "optimal"), flaw);
            Assert.True(Rate("sim-weak", flaw) < Rate("sim-weak", "optimal") - 0.1, flaw);
            Assert.True(Rate("sim-weak", flaw) < Rate("sim-strong", flaw) - 0.1, flaw);
        }
    }

    private static async Task<ConcurrentDictionary<TestCase, AttemptReport>> RunAllAsync(IReadOnlyList<TestCase> cases, int parallelism)
    {
        var executor = new WorkflowExecutor(Attempts.Instant);
        var reports = new ConcurrentDictionary<TestCase, AttemptReport>();
        await Parallel.ForEachAsync(
            cases,
            new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = TestContext.Current.CancellationToken },
            async (testCase, cancellation) => reports[testCase] = await executor.RunAsync(Attempts.Context(testCase), cancellation));
        return reports;
    }

    private static IEnumerable<AttemptReport> Scored(ConcurrentDictionary<TestCase, AttemptReport> reports, string model, string prompt) =>
        reports.Where(r => Is(r.Key, "Model", model) && Is(r.Key, "PromptType", prompt) && Causes.Find(r.Value.Cause).Scored).Select(r => r.Value);

    private static string Table(ConcurrentDictionary<TestCase, AttemptReport> reports)
    {
        var table = new StringBuilder();
        foreach (var group in reports.GroupBy(r => (Model: r.Key.GetParameter("Model"), Prompt: r.Key.GetParameter("PromptType"))).OrderBy(g => g.Key.ToString(), StringComparer.Ordinal))
        {
            var scored = group.Where(r => Causes.Find(r.Value.Cause).Scored).Select(r => r.Value).ToList();
            var causes = string.Join(", ", group.GroupBy(r => r.Value.Cause).Where(c => c.Key.Length > 0).OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} {c.Count()}"));
            table.AppendLine(CultureInfo.InvariantCulture, $"{group.Key.Model,-18}{group.Key.Prompt,-30}{scored.Count,5}{scored.Average(r => r.Cause.Length == 0 ? 100 : 0),6:0}%{scored.Average(r => r.Score),7:0.00}  {causes}");
        }

        return table.ToString();
    }

    private static bool Is(TestCase testCase, string parameter, string value) => Equals(testCase.GetParameter(parameter), value);
}
