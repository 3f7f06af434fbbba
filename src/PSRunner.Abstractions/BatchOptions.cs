using System.Text.Json.Serialization;

namespace PSRunner;

/// <summary>Whose artifacts are kept.</summary>
public enum ArtifactRule
{
    /// <summary>Of every case.</summary>
    All,

    /// <summary>Of every case that did not pass.</summary>
    Failed,

    /// <summary>Of no case.</summary>
    None,
}

/// <summary>Where script blocks run.</summary>
public enum TestIsolation
{
    /// <summary>In worker processes, which can be killed.</summary>
    Process,

    /// <summary>In runspaces of this process: faster, and ended only if their code cooperates.</summary>
    Runspace,
}

/// <summary>What was asked of a batch. Limits that are null are derived (see the ladder of limits in the engine).</summary>
public sealed record BatchOptions
{
    /// <summary>A label of 1 to 80 characters without <c>\ / : * ? [ ] " &lt; &gt; |</c>.</summary>
    public string Name { get; init; } = "batch";

    /// <summary>The folder that holds the run folders; a full path.</summary>
    public required string OutputPath { get; init; }

    /// <summary>Cases running at once, 1 to 10,000; null: 20 when every case waits for a model, else the number of processors.</summary>
    public int? ThrottleLimit { get; init; }

    /// <summary>Cases of a named resource running at once, by its name in any case; a resource that is not named here: 1.</summary>
    public IReadOnlyDictionary<string, int>? ResourceLimit { get; init; }

    /// <summary>MiB that the processes of one test may hold together; null: no limit of their own.</summary>
    public int? MemoryLimitMB { get; init; }

    /// <summary>Seconds per attempt; null: 600, or 900 for workflow tests.</summary>
    public double? TestTimeoutSeconds { get; init; }

    /// <summary>Seconds without progress; null: min(300, test).</summary>
    public double? StallTimeoutSeconds { get; init; }

    /// <summary>Seconds per model request; null: min(120, 0.8 x stall).</summary>
    public double? RequestTimeoutSeconds { get; init; }

    /// <summary>Seconds per session; null: the bound that follows from the plan, at most 24 h.</summary>
    public double? BatchTimeoutSeconds { get; init; }

    /// <summary>Seconds between asking an attempt to end and ending it by force.</summary>
    public double GracePeriodSeconds { get; init; } = 5;

    /// <summary>Seconds that closing may take after the last attempt ended.</summary>
    public double ShutdownSeconds { get; init; } = 10;

    /// <summary>Engine retries after provider, harness and crash causes.</summary>
    public int RetryCount { get; init; } = 2;

    /// <summary>A score without an outcome passes from here on.</summary>
    public double PassScore { get; init; } = 0.5;

    /// <summary>Results between two writes of the open part; null: only when full or closed. Not needed for safety.</summary>
    public int? CheckpointInterval { get; init; }

    /// <summary>Seconds between two writes of the open part; null: no clock.</summary>
    public double? CheckpointIntervalSeconds { get; init; }

    /// <summary>Results that are neither passed nor skipped after which the batch stops; null: no limit.</summary>
    public int? MaxFailures { get; init; }

    /// <summary>What a result that was reported survives.</summary>
    public Durability Durability { get; init; } = Durability.PowerLoss;

    /// <summary>Requests to models per second, over all endpoints of the batch; null: no cap.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>True: the rates that the user set are all there is; what a provider allows is not found out.</summary>
    public bool FixedRate { get; init; }

    /// <summary>Requests to models over all sessions after which the batch ends; null: no limit.</summary>
    public long? MaxRequests { get; init; }

    /// <summary>Tokens over all sessions after which the batch ends; null: no limit.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>Money over all sessions, in the currency of the endpoints' prices, after which the batch ends; null: no limit.</summary>
    public double? MaxCost { get; init; }

    /// <summary>Whose transcripts and outputs are kept as files.</summary>
    public ArtifactRule KeepArtifact { get; init; } = ArtifactRule.All;

    /// <summary>Where script blocks run.</summary>
    public TestIsolation Isolation { get; init; }

    /// <summary>What runs once in each worker before its first script; null: nothing.</summary>
    public string? InitializationScript { get; init; }

    /// <summary>Modules that each worker imports before its first script: names, or full paths.</summary>
    public IReadOnlyList<string> Module { get; init; } = [];

    /// <summary>Metrics that scripts and commands will give; they become columns.</summary>
    public IReadOnlyList<string> Metric { get; init; } = [];

    /// <summary>Results in one file of the store; part of batch.json, so that all sessions cut alike. Proofs make it small.</summary>
    [JsonInclude]
    internal int ResultsPerFile { get; init; } = 10_000;
}
