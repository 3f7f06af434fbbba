using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Scoring;

namespace PSRunner.Workflows.Tests.Scoring;

public sealed partial class OldFormulasTests
{
    private static readonly string[] Plan = ["a", "b", "c_writer"];

    [Fact]
    public void A_perfect_test_reaches_exactly_the_known_maxima()
    {
        var old = OldFormulas.Of(new ScoredTest("simple_task", Plan, Plan, [("a", true), ("b", true), ("c_writer", true)], true));

        Assert.Equal((1.0, 0.92, 0.902, 0.804, 1.0), (old.Coverage, Math.Round(old.WorkflowScore, 9), Math.Round(old.Phase2Score, 9), Math.Round(old.QualityScore, 9), old.Level));
    }

    [Fact]
    public void A_test_without_any_call_is_the_only_sure_failure()
    {
        var old = OldFormulas.Of(new ScoredTest("simple_task", Plan, Plan, [], false));

        Assert.Equal(new OldFormulas(0, 0, 0, 0, 0), old);
    }

    [Fact]
    public void One_single_success_is_published_as_success_which_is_what_is_wrong_with_it()
    {
        var old = OldFormulas.Of(new ScoredTest("simple_task", Plan, Plan, [("a", true)], false));

        // Achievement 0.5 + 0.3/2 + 0.2/3 = 0.7167, quality 0.32 + 0.3 + 0.2 x 0.43333; "failure" takes 0.8 of both.
        Assert.Equal(0.4 / 3 + 0.3 / 3 + 0.2, old.WorkflowScore, 9);
        Assert.Equal(0.5, old.Level);
    }

    [Fact]
    public void Failures_repeats_and_order_move_the_scores_as_the_formulas_say()
    {
        var old = OldFormulas.Of(new ScoredTest(
            "data_pipeline", Plan, Plan, [("b", true), ("a", false), ("a", true), ("b", true), ("c_writer", false)], false));

        // Coverage 2/3; successes b a b: common subsequence with the plan is 2 of 3; 3 of 5 runs succeeded; not the plan.
        Assert.Equal(2 / 3.0, old.Coverage, 9);
        Assert.Equal((0.4 * 2 / 3) + (0.3 * 2 / 3) + (0.2 * 3 / 5), old.WorkflowScore, 9);

        // Partial: coverage 0.6 and two successes. Efficiency: 3 successes of 2 tools are 1.2 x 2/3.
        Assert.Equal(0.32 + (0.3 * 0.8) + (0.2 * old.WorkflowScore), old.QualityScore, 9);
        Assert.Equal((0.5 + 0.3 + (0.2 * 2 / 3) + old.QualityScore) / 2, old.Phase2Score, 9);
    }

    [Fact]
    public void A_score_that_is_the_threshold_reaches_it()
    {
        // Everything done in order, every run failed once, one tool of no use between: 0.4 + 0.3 + 0.2 x 0.5 = 0.8.
        var old = OldFormulas.Of(new ScoredTest(
            "simple_task", Plan, Plan, [("a", false), ("a", true), ("d", false), ("d", true), ("b", false), ("b", true), ("c_writer", false), ("c_writer", true)], false));

        Assert.Equal(0.8, old.WorkflowScore, 9);
        Assert.Equal(1, old.Level);
    }

    [Fact]
    public void The_adherence_covers_the_plan_and_the_coverage_the_task()
    {
        var old = OldFormulas.Of(new ScoredTest("simple_task", ["b"], ["a", "a", "b"], [("b", true)], false));

        Assert.Equal(1, old.Coverage);
        Assert.Equal((0.4 / 2) + (0.3 / 3) + 0.2, old.WorkflowScore, 9);
    }

    [Fact]
    public void Recorded_tests_get_the_scores_they_were_recorded_with()
    {
        var counts = (Tests: 0, Workflow: 0, Quality: 0, Phase2: 0, WithSuccess: 0);
        var tools = OldFiles.LoadRegistry().All.Select(tool => tool.Name).ToHashSet();
        foreach (var file in Directory.GetFiles(Path.Combine(Path.GetDirectoryName(RecordedData.Find("logs_index.csv"))!, "logs"), "*.json"))
        {
            if (ReadLog(file, tools) is not { } recorded)
            {
                continue;
            }

            // The old runner compared with the plan it had shown, damaged or not.
            var old = OldFormulas.Of(recorded.Test);
            counts.Tests++;
            counts.WithSuccess += recorded.Test.Runs.Any(run => run.Succeeded) ? 1 : 0;
            counts.Workflow += Math.Abs(old.WorkflowScore - recorded.WorkflowScore) < 1e-6 ? 1 : 0;
            counts.Quality += Math.Abs(old.QualityScore - recorded.QualityScore) < 1e-6 ? 1 : 0;
            counts.Phase2 += recorded.Phase2Score - old.Phase2Score is > -1e-6 and var more && more < (0.1 * (1 - old.Coverage)) + 1e-6 ? 1 : 0;
        }

        Assert.Equal((85, 85, 84, 84, 45), counts);
    }

    private static (ScoredTest Test, double WorkflowScore, double QualityScore, double Phase2Score)? ReadLog(string file, HashSet<string> tools)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            var log = document.RootElement;
            if (!log.TryGetProperty("task_instance", out var task))
            {
                return null; // It broke before it began.
            }

            List<string> required = [.. task.GetProperty("required_tools").EnumerateArray().Select(tool => tool.GetString()!)];
            List<string> plan = [.. PlannedTool().Matches(log.GetProperty("prompt").GetString()!).Select(match => match.Groups[1].Value).Where(tools.Contains)];
            var runs = log.GetProperty("execution_history").EnumerateArray().Select(run => (run.GetProperty("tool").GetString()!, run.GetProperty("success").GetBoolean()));
            var claimed = log.GetProperty("conversation_history").EnumerateArray()
                .Any(said => said.GetProperty("role").GetString() == "assistant" && CompletionClaim.IsIn(said.GetProperty("content").GetString()!));
            var result = log.GetProperty("result");
            return (
                new ScoredTest(log.GetProperty("task_type").GetString()!, required, plan.Count > 0 ? plan : required, [.. runs], claimed),
                result.GetProperty("workflow_score").GetDouble(), result.GetProperty("quality_score").GetDouble(), result.GetProperty("phase2_score").GetDouble());
        }
        catch (JsonException)
        {
            return null; // Cut off, as it was found.
        }
    }

    [GeneratedRegex(@"^\s*[0-9]+\. Execute (\S+)", RegexOptions.Multiline)]
    private static partial Regex PlannedTool();

    [Fact]
    public void The_common_subsequence_is_that_of_a_plain_recursion()
    {
        var lists = Gen.Int[0, 3].Select(i => $"{i}").Array[0, 8];
        Gen.Select(lists, lists).Sample((one, other) => OldFormulas.CommonSubsequence(one, other) == Recursive(one, other));

        static int Recursive(ReadOnlySpan<string> one, ReadOnlySpan<string> other) =>
            one.Length == 0 || other.Length == 0 ? 0
            : one[0] == other[0] ? 1 + Recursive(one[1..], other[1..])
            : Math.Max(Recursive(one[1..], other), Recursive(one, other[1..]));
    }

    [Fact]
    public void No_score_leaves_its_range()
    {
        var runs = Gen.Select(Gen.Int[0, 4], Gen.Bool).Select((i, ok) => ($"{"abcde"[i]}", ok)).Array[0, 12];
        Gen.Select(runs, Gen.Bool).Sample((r, claimed) =>
        {
            var old = OldFormulas.Of(new ScoredTest("basic_task", ["a", "b"], ["c", "a", "b"], r, claimed));
            return old is { Coverage: >= 0 and <= 1, WorkflowScore: >= 0 and <= 0.92 + 1e-9, Phase2Score: >= 0 and <= 0.902 + 1e-9, QualityScore: >= 0 and <= 0.804 + 1e-9 };
        });
    }
}
