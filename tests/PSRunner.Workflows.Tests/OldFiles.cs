using PSRunner.Workflows.Tools;
using Xunit;

namespace PSRunner.Workflows.Tests;

/// <summary>Files of the old runner, when the folder that holds them stands somewhere above the test's binaries.</summary>
internal static class OldFiles
{
    public const string Registry = "tool_registry.json";
    public const string BaseTasks = "task_library_parallel_20250710_042826.json";
    public const string EnhancedTasks = "task_library_enhanced_v3.json";

    /// <summary>The path of a file; skips the running test when there is none.</summary>
    public static string Find(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "shared", "workflowbench", name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        Assert.Skip($"The old runner's file {name} is not at hand (shared/workflowbench beside the checkout).");
        return "";
    }

    public static ToolRegistry LoadRegistry() => ToolRegistry.Load(Find(Registry));
}
