using CsCheck;
using PSRunner.Workflows.Scoring;

namespace PSRunner.Workflows.Tests.Scoring;

public sealed class OldFormulasTests
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

        Assert.Equal((0.0, 0.0, 0.0), (old.Coverage, old.WorkflowScore, old.Level));
        Assert.Equal(0.16, old.QualityScore, 9); // Half of the constant 0.32.
    }

    [Fact]
    public void One_single_success_is_published_as_success_which_is_what_is_wrong_with_it()
    {
        var old = OldFormulas.Of(new ScoredTest("simple_task", Plan, Plan, [("a", true)], false));

        // Achievement 0.5 + 0.3/2 + 0.2/3 = 0.7167, quality 0.32 + 0.3 + 0.2 x 0.43333; "failure with progress" takes 0.8 of both.
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

        // Partial: coverage 0.6 and two successes. Efficiency: 5 runs are more than twice 2 tools: 0.8 x 2/5.
        Assert.Equal(0.32 + (0.3 * 0.32) + (0.2 * old.WorkflowScore), old.QualityScore, 9);
        Assert.Equal((0.5 + 0.3 + (0.2 * 2 / 3) + old.QualityScore) / 2, old.Phase2Score, 9);
    }

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
