namespace PSRunner;

/// <summary>How a batch goes on. What is null stays as it was asked at the start.</summary>
public sealed record ResumeOptions
{
    /// <summary>Finished cases that run again: outcomes, or causes with wildcards.</summary>
    public IReadOnlyList<string> RetryOutcome { get; init; } = [];

    /// <inheritdoc cref="BatchOptions.ThrottleLimit"/>
    public int? ThrottleLimit { get; init; }

    /// <inheritdoc cref="BatchOptions.ResourceLimit"/>
    public IReadOnlyDictionary<string, int>? ResourceLimit { get; init; }

    /// <inheritdoc cref="BatchOptions.TestTimeoutSeconds"/>
    public double? TestTimeoutSeconds { get; init; }

    /// <inheritdoc cref="BatchOptions.StallTimeoutSeconds"/>
    public double? StallTimeoutSeconds { get; init; }

    /// <inheritdoc cref="BatchOptions.RequestTimeoutSeconds"/>
    public double? RequestTimeoutSeconds { get; init; }

    /// <inheritdoc cref="BatchOptions.BatchTimeoutSeconds"/>
    public double? BatchTimeoutSeconds { get; init; }

    /// <inheritdoc cref="BatchOptions.RetryCount"/>
    public int? RetryCount { get; init; }

    /// <inheritdoc cref="BatchOptions.MaxFailures"/>
    public int? MaxFailures { get; init; }

    /// <inheritdoc cref="BatchOptions.Durability"/>
    public Durability? Durability { get; init; }

    /// <inheritdoc cref="BatchOptions.RequestsPerSecond"/>
    public double? RequestsPerSecond { get; init; }

    /// <inheritdoc cref="BatchOptions.MaxRequests"/>
    public long? MaxRequests { get; init; }

    /// <inheritdoc cref="BatchOptions.MaxTokens"/>
    public long? MaxTokens { get; init; }

    /// <inheritdoc cref="BatchOptions.MaxCost"/>
    public double? MaxCost { get; init; }

    /// <summary>True when anything is to be different.</summary>
    internal bool ChangesAnything => RetryOutcome.Count > 0 || this with { RetryOutcome = [] } != new ResumeOptions();

    /// <summary>The options of a session that goes on with a batch.</summary>
    internal BatchOptions ApplyTo(BatchOptions asked) => asked with
    {
        ThrottleLimit = ThrottleLimit ?? asked.ThrottleLimit,
        RequestsPerSecond = RequestsPerSecond ?? asked.RequestsPerSecond,
        MaxRequests = MaxRequests ?? asked.MaxRequests,
        MaxTokens = MaxTokens ?? asked.MaxTokens,
        MaxCost = MaxCost ?? asked.MaxCost,
        ResourceLimit = ResourceLimit ?? asked.ResourceLimit,
        TestTimeoutSeconds = TestTimeoutSeconds ?? asked.TestTimeoutSeconds,
        StallTimeoutSeconds = StallTimeoutSeconds ?? asked.StallTimeoutSeconds,
        RequestTimeoutSeconds = RequestTimeoutSeconds ?? asked.RequestTimeoutSeconds,
        BatchTimeoutSeconds = BatchTimeoutSeconds ?? asked.BatchTimeoutSeconds,
        RetryCount = RetryCount ?? asked.RetryCount,
        MaxFailures = MaxFailures ?? asked.MaxFailures,
        Durability = Durability ?? asked.Durability,
    };
}
