namespace PSRunner.Workflows.Tools;

/// <summary>Short forms for writing tools down.</summary>
internal static class ToolWriting
{
    public static ToolDefinition Tool(
        string name, string description, IReadOnlyList<ToolParameter> parameters, string errors, string dependencies = "") =>
        new(name, name[..name.IndexOf('_', StringComparison.Ordinal)], description, parameters, Names(errors), Names(dependencies));

    public static ToolParameter Must(string name, string type, string description) => new(name, type, description, Required: true);

    public static ToolParameter May(string name, string type, string description, string defaultJson) =>
        new(name, type, description, Required: false, defaultJson);

    private static string[] Names(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
