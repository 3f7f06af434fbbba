namespace PSRunner.Workflows.Tools;

/// <summary>One simulated tool, as the model sees it and as the simulator runs it.</summary>
/// <param name="Name">Unique in its registry, <c>category_operation</c>.</param>
/// <param name="Category">The group it belongs to.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Parameters">What it takes.</param>
/// <param name="ErrorCodes">What it may fail with; never empty.</param>
/// <param name="Dependencies">Names of tools that should have succeeded before it.</param>
public sealed record ToolDefinition(
    string Name,
    string Category,
    string Description,
    IReadOnlyList<ToolParameter> Parameters,
    IReadOnlyList<string> ErrorCodes,
    IReadOnlyList<string> Dependencies);

/// <summary>One parameter of a tool.</summary>
/// <param name="Name">Unique in its tool.</param>
/// <param name="Type">A JSON schema type: string, number, integer, boolean, object, array.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Required">True when a call without it is wrong.</param>
/// <param name="DefaultJson">The default as JSON text; null when there is none.</param>
public sealed record ToolParameter(string Name, string Type, string Description, bool Required, string? DefaultJson = null);
