namespace PSRunner.Workflows.Tools;

/// <summary>The tools that come with PSRunner: 36 in 6 categories, so that a batch needs no file.</summary>
/// <remarks>Descriptions begin with a verb in the imperative, because task wordings are built from them.</remarks>
public static class BuiltInTools
{
    /// <summary>The registry; one instance for all.</summary>
    public static ToolRegistry Registry { get; } = new(
        [.. BuiltInDataTools.All, .. BuiltInActionTools.All],
        "built-in");
}
