using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests;

/// <summary>The old runner's libraries, by what they are.</summary>
internal static class OldFiles
{
    public const string BaseTasks = "task_library_parallel_20250710_042826.json";
    public const string EnhancedTasks = "task_library_enhanced_v3.json";

    /// <summary>The old registry; skips the test when it is not at hand.</summary>
    public static ToolRegistry LoadRegistry() => ToolRegistry.Load(RecordedData.Find("tool_registry.json"));
}
