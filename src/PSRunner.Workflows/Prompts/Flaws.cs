namespace PSRunner.Workflows.Prompts;

/// <summary>The ways in which a plan can be damaged.</summary>
public static class Flaws
{
#pragma warning disable CS1591 // FlawMaker says what each does.
    public const string SequenceDisorder = "sequence_disorder";
    public const string ToolMisuse = "tool_misuse";
    public const string ParameterError = "parameter_error";
    public const string MissingStep = "missing_step";
    public const string RedundantOperations = "redundant_operations";
    public const string LogicalInconsistency = "logical_inconsistency";
    public const string SemanticDrift = "semantic_drift";
#pragma warning restore CS1591

    /// <summary>All flaws.</summary>
    public static IReadOnlyList<string> All { get; } =
        [SequenceDisorder, ToolMisuse, ParameterError, MissingStep, RedundantOperations, LogicalInconsistency, SemanticDrift];
}
