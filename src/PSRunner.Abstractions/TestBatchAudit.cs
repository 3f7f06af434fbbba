namespace PSRunner;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>As a crash or an unfinished batch leaves it; nothing is lost.</summary>
    Info,

    /// <summary>Not as it should be, and nothing that was reported is lost by it.</summary>
    Warning,

    /// <summary>Something that was written is damaged, missing or foreign.</summary>
    Error,
}

/// <summary>One thing in a run folder that is not as it should be.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="File">The file, relative to the run folder, with forward slashes.</param>
/// <param name="Message">What is wrong with it.</param>
/// <param name="Remedy">What to do.</param>
public sealed record TestBatchFinding(FindingSeverity Severity, string File, string Message, string Remedy)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Severity} in {File}: {Message} {Remedy}";
}

/// <summary>What <c>Test-TestBatch</c> says of one batch; there always is one, healthy or not.</summary>
public sealed record TestBatchAudit
{
    /// <summary>The batch's id.</summary>
    public required string Batch { get; init; }

    /// <summary>True when no finding is an <see cref="FindingSeverity.Error"/>.</summary>
    public bool Healthy { get; init; }

    /// <summary>Cases in the plan.</summary>
    public int Planned { get; init; }

    /// <summary>Cases with a result that counts, as readers see it.</summary>
    public int Recorded { get; init; }

    /// <summary>Cases without one; a resume runs them.</summary>
    public int Pending => Planned - Recorded;

    /// <summary>How many findings there are, those beyond <see cref="Findings"/> included.</summary>
    public int FindingCount { get; init; }

    /// <summary>The findings in the order in which they were made, at most 1,000.</summary>
    public IReadOnlyList<TestBatchFinding> Findings { get; init; } = [];

    /// <summary>The run folder, a full path.</summary>
    public required string RunFolder { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Batch;
}
