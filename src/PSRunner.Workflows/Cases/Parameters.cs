namespace PSRunner.Workflows.Cases;

/// <summary>The parameters of cases that ask a model; they become properties and columns of their results.</summary>
internal static class Parameters
{
    /// <summary>The model's name.</summary>
    public const string Model = "Model";

    /// <summary>What a plain prompt asks; its beginning when it is long.</summary>
    public const string Prompt = "Prompt";

    /// <summary>One of <see cref="Prompts.PromptTypes"/>.</summary>
    public const string PromptType = "PromptType";

    /// <summary>One of <see cref="Tasks.Difficulties"/>.</summary>
    public const string Difficulty = "Difficulty";

    /// <summary>One of <see cref="Tasks.TaskTypes"/>.</summary>
    public const string TaskType = "TaskType";

    /// <summary>The task's number, from 1.</summary>
    public const string Instance = "Instance";

    /// <summary>The nominal success rate of the simulated tools.</summary>
    public const string ToolSuccessRate = "ToolSuccessRate";

    /// <summary>One of <see cref="Prompts.Severities"/>; empty when the prompt type has no flaw.</summary>
    public const string FlawSeverity = "FlawSeverity";

    /// <summary>What decided which tasks were drawn.</summary>
    public const string Seed = "Seed";

    /// <summary>Replies that a model may use; only where it is not <see cref="Agent.AgentOptions.DefaultMaxTurns"/>.</summary>
    public const string MaxTurns = "MaxTurns";

    /// <summary>True where the tools are offered by native function calling; else not there.</summary>
    public const string NativeFunctionCalling = "NativeFunctionCalling";
}
