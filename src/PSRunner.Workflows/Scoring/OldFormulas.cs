namespace PSRunner.Workflows.Scoring;

/// <summary>What the old runner's formulas need of a test.</summary>
/// <param name="TaskType">One of <see cref="Tasks.TaskTypes"/>.</param>
/// <param name="Required">The task's required tools in their order.</param>
/// <param name="Expected">The plan to compare with: always the correct one. The old runner compared flawed tests with the flawed plan, so that obeying a bad plan scored well.</param>
/// <param name="Runs">Tool and success of every run, in order.</param>
/// <param name="Claimed">True when a reply said that the task was done.</param>
internal sealed record ScoredTest(
    string TaskType,
    IReadOnlyList<string> Required,
    IReadOnlyList<string> Expected,
    IReadOnlyList<(string Tool, bool Succeeded)> Runs,
    bool Claimed);

/// <summary>The scores as the old runner computed them, under its names; kept only to compare with its numbers.</summary>
/// <param name="Coverage">Required tools that succeeded, as a share of them, 0 to 1. Right.</param>
/// <param name="WorkflowScore">Its "adherence", 0 to 0.92.</param>
/// <param name="Phase2Score">0 to 0.902.</param>
/// <param name="QualityScore">0 to 0.804.</param>
/// <param name="Level">0 failure, 0.5 partial success, 1 full success.</param>
/// <remarks>
/// Source: <c>facts.md</c> section 2.7 (formulas read from the old runner's code at its last commit), and where it is silent
/// the recorded tests themselves: sequences, totals and distinct tools are those of successful runs, the coverage inside
/// the adherence is that of the plan's distinct tools, and a test without a success has 0 everywhere. So read they give the
/// recorded <c>workflow_score</c> in 85 of 85 recorded tests and <c>quality_score</c> in 84; <c>phase2_score</c> has a coverage by
/// likeness of meaning inside, which is at least ours. What is wrong with them is said at each. The one that misled most is
/// the level: "success" was published as full or partial, and one single successful call is enough for partial (6,439 of
/// 6,468 recorded tests with at least one).
/// </remarks>
internal sealed record OldFormulas(double Coverage, double WorkflowScore, double Phase2Score, double QualityScore, double Level)
{
    /// <summary>The constant that stood for the quality of the history, because the history was never passed.</summary>
    private const double HistoryFallback = 0.8;

    private static readonly string[] OutputWords = ["write", "save", "export", "post", "send", "notif", "publish", "upload"];

    /// <summary>Computes all of them.</summary>
    public static OldFormulas Of(ScoredTest test)
    {
        var succeeded = test.Runs.Where(r => r.Succeeded).Select(r => r.Tool).ToList();
        if (succeeded.Count == 0)
        {
            return new OldFormulas(0, 0, 0, 0, 0);
        }

        var coverage = CoverageOf(test.Required, succeeded);
        var adherence = Adherence(test, succeeded);
        var unique = succeeded.Distinct(StringComparer.Ordinal).Count();
        var (achievement, quality) = Adjust(ExecutorLevel(test, succeeded, coverage), Achievement(unique, coverage), Quality(succeeded.Count, unique, adherence));
        var phase2 = (achievement + quality) / 2;
        var level = Reaches(adherence, 0.8) && Reaches(phase2, 0.8) ? 1 : Reaches(adherence, 0.5) || Reaches(phase2, 0.5) ? 0.5 : 0;
        return new OldFormulas(coverage, adherence, phase2, quality, level);
    }

    /// <summary>The longest common subsequence of two lists, its length.</summary>
    public static int CommonSubsequence(IReadOnlyList<string> one, IReadOnlyList<string> other)
    {
        var lengths = new int[other.Count + 1];
        foreach (var left in one)
        {
            var diagonal = 0;
            for (var j = 1; j <= other.Count; j++)
            {
                var above = lengths[j];
                lengths[j] = left == other[j - 1] ? diagonal + 1 : Math.Max(above, lengths[j - 1]);
                diagonal = above;
            }
        }

        return lengths[^1];
    }

    /// <summary>True when the one list occurs in the other in its order, gaps allowed.</summary>
    public static bool InOrder(IReadOnlyList<string> wanted, IReadOnlyList<string> sequence) => CommonSubsequence(wanted, sequence) == wanted.Count;

    /// <summary>
    /// 0.4 coverage of the plan + 0.3 common subsequence / plan + 0.2 share of runs that succeeded + 0.1 x (0.2 if exactly
    /// the plan). Wrong: the last factor makes 0.92 the maximum, and the third term is the luck of the simulated tools.
    /// </summary>
    private static double Adherence(ScoredTest test, List<string> succeeded) =>
        (0.4 * CoverageOf(test.Expected, succeeded))
        + (0.3 * Share(CommonSubsequence(succeeded, test.Expected), test.Expected.Count))
        + (0.2 * Share(succeeded.Count, test.Runs.Count))
        + (0.1 * (succeeded.SequenceEqual(test.Expected) ? 0.2 : 0));

    /// <summary>
    /// 1 full: all required tools succeeded in the listed order. 0.5 partial: two of coverage of 0.6, an output tool,
    /// the least number of successes of the task type, a phrase of completion. Wrong: the listed order is one of several
    /// valid ones, and words count as work.
    /// </summary>
    private static double ExecutorLevel(ScoredTest test, List<string> succeeded, double coverage)
    {
        if (coverage >= 1 && InOrder(test.Required, [.. succeeded.Distinct(StringComparer.Ordinal)]))
        {
            return 1;
        }

        var least = test.TaskType switch { "simple_task" => 1, "multi_stage_pipeline" => 3, _ => 2 };
        bool[] signs =
        [
            coverage >= 0.6,
            succeeded.Exists(tool => Array.Exists(OutputWords, word => tool.Contains(word, StringComparison.OrdinalIgnoreCase))),
            succeeded.Count >= least,
            test.Claimed,
        ];
        return signs.Count(sign => sign) >= 2 ? 0.5 : 0;
    }

    /// <summary>Task achievement. Wrong: any single success counts as output, half of the score, and two are full progress.</summary>
    private static double Achievement(int unique, double coverage) => 0.5 + (0.3 * Math.Min(1, unique / 2.0)) + (0.2 * coverage);

    /// <summary>
    /// Execution quality. Wrong: 0.32 of it is a constant (<see cref="HistoryFallback"/>) and 0.1 can never be reached, so
    /// the maximum is 0.804. Runs that failed cost no efficiency.
    /// </summary>
    private static double Quality(int successes, int unique, double adherence)
    {
        var efficiency = successes <= 2 * unique ? Math.Min(1, 1.2 * unique / successes) : 0.8 * unique / successes;
        return (0.4 * HistoryFallback) + (0.3 * efficiency) + (0.2 * adherence);
    }

    private static (double Achievement, double Quality) Adjust(double executor, double achievement, double quality) => executor switch
    {
        1 => (Math.Max(achievement, 0.8), Math.Max(quality, 0.7)),
        0.5 => (Math.Max(achievement, 0.5), quality),
        _ => (Math.Max(achievement * 0.8, 0.2), Math.Max(quality * 0.8, 0.2)),
    };

    /// <summary>The distinct tools of a list that succeeded, as a share of them.</summary>
    private static double CoverageOf(IReadOnlyList<string> tools, List<string> succeeded)
    {
        var distinct = tools.Distinct(StringComparer.Ordinal).ToList();
        return Share(distinct.Count(succeeded.Contains), distinct.Count);
    }

    // 0.4 + 0.3 + 0.1 is 0.8, whatever the last digit of the sum.
    private static bool Reaches(double score, double threshold) => score >= threshold - 1e-9;

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;
}
