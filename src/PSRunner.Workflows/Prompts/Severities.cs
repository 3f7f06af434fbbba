namespace PSRunner.Workflows.Prompts;

/// <summary>How much a plan is damaged.</summary>
public static class Severities
{
    /// <summary>All severities, from the mildest.</summary>
    public static IReadOnlyList<string> All { get; } = ["light", "medium", "severe"];
}
