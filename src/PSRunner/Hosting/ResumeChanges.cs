namespace PSRunner.Hosting;

/// <summary>What a resume does differently from the session before; null: as before.</summary>
internal sealed record ResumeChanges
{
    public IReadOnlyList<string> RetryOutcome { get; init; } = [];

    public int? ThrottleLimit { get; init; }

    public double? TestTimeoutSeconds { get; init; }

    public double? StallTimeoutSeconds { get; init; }

    public double? RequestTimeoutSeconds { get; init; }

    public double? BatchTimeoutSeconds { get; init; }

    public int? RetryCount { get; init; }

    public int? MaxFailures { get; init; }

    /// <summary>True when anything is different.</summary>
    public bool Any => RetryOutcome.Count > 0 || this with { RetryOutcome = [] } != new ResumeChanges { RetryOutcome = [] };
}
