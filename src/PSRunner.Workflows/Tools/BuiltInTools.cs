namespace PSRunner.Workflows.Tools;

/// <summary>The tools that come with PSRunner: 36 in 6 categories, so that a batch needs no file.</summary>
/// <remarks>
/// Files, web, services, records, math and ops, listed as work usually flows: what fetches, what changes, what delivers.
/// Descriptions begin with a verb in the imperative, because task wordings are built from them.
/// </remarks>
public static class BuiltInTools
{
    /// <summary>The registry; one instance for all.</summary>
    public static ToolRegistry Registry { get; } = new(
        [.. BuiltInSourceTools.All, .. BuiltInWorkTools.All, .. BuiltInDeliveryTools.All],
        "built-in");
}
