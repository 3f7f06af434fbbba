namespace PSRunner;

/// <summary>
/// What <c>Measure-TestResult</c> says of one group of results. The properties the group was made by stand beside these
/// under their own names.
/// </summary>
public sealed class TestMeasure
{
    /// <summary>The values that make the group, in the order of <c>-By</c>, parted by a space.</summary>
    public required string Group { get; init; }

    /// <summary>Results in the group.</summary>
    public int Count { get; init; }

    /// <summary>Results that may enter a success rate (<see cref="TestResult.Scored"/>).</summary>
    public int Judged { get; init; }

    /// <summary>The rest: timed out, errored, crashed, skipped. They pull no rate and no mean down.</summary>
    public int Unjudged { get; init; }

    /// <summary>
    /// Planned cases of this group that are not among the results measured (a resume emits only what it ran); NaN where
    /// the plan cannot tell (a group made by outcome, say, or a run folder that is gone).
    /// </summary>
    public double Missing { get; init; } = double.NaN;

    /// <summary>Judged results with outcome Passed.</summary>
    public int Passed { get; init; }

    /// <summary>Passed of judged, 0 to 1; NaN when none was judged.</summary>
    public double PassRate { get; init; } = double.NaN;

    /// <summary>Mean score of the judged results that have one; NaN when none has.</summary>
    public double MeanScore { get; init; } = double.NaN;

    /// <summary>Median seconds of all results of the group; NaN when there are none.</summary>
    public double MedianDuration { get; init; } = double.NaN;

    /// <inheritdoc/>
    public override string ToString() => Group;
}
