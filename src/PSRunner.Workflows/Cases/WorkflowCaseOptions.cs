using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Cases;

/// <summary>What workflow cases to make: their cross product. Lists of names take wildcards.</summary>
public sealed record WorkflowCaseOptions
{
    /// <summary>Names of models; needed.</summary>
    public IReadOnlyList<string> Model { get; init; } = [];

    /// <summary>Names of prompt types; <c>all</c> is refused because it meant 3 of 10 in the old runner.</summary>
    public IReadOnlyList<string> PromptType { get; init; } = ["baseline"];

    /// <summary>very_easy to very_hard: how vague the wording is.</summary>
    public IReadOnlyList<string> Difficulty { get; init; } = ["easy"];

    /// <summary>Names of task types; <c>all</c> is <c>*</c>.</summary>
    public IReadOnlyList<string> TaskType { get; init; } = ["*"];

    /// <summary>Tasks of each type, 1 to 100,000.</summary>
    public int Instances { get; init; } = 1;

    /// <summary>Nominal success rates of the simulated tools, 0 to 1.</summary>
    public IReadOnlyList<double> ToolSuccessRate { get; init; } = [0.8];

    /// <summary>light, medium, severe; only varies prompt types with a flaw.</summary>
    public IReadOnlyList<string> FlawSeverity { get; init; } = ["severe"];

    /// <summary>Decides which tasks are drawn.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>A full path to a task library; null: the built-in generator.</summary>
    public string? TaskLibrary { get; init; }

    /// <summary>A full path to a tool registry; null: the built-in one.</summary>
    public string? ToolRegistry { get; init; }

    /// <summary>Replies a model may use, 1 to 100.</summary>
    public int MaxTurns { get; init; } = AgentOptions.DefaultMaxTurns;

    /// <summary>True: native function calls instead of tags.</summary>
    public bool Native { get; init; }

    /// <summary>Seconds a case may take; NaN: the batch's limit.</summary>
    public double TestTimeoutSeconds { get; init; } = double.NaN;

    /// <summary>Free words to select results by.</summary>
    public IReadOnlyList<string> Tag { get; init; } = [];

    /// <summary>How often each case runs.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Retries of the engine; null: the batch's count.</summary>
    public int? RetryCount { get; init; }

    /// <summary>What the cases compete for; null: the model's endpoint.</summary>
    public string? Resource { get; init; }
}
