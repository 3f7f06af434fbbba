namespace PSRunner.Workflows.Tests;

/// <summary>Files recorded from the old runner; beside the checkout or above it, never in it.</summary>
internal static class RecordedData
{
    /// <summary>The full path of a file of <c>shared/workflowbench</c>; skips the test when there is none.</summary>
    public static string Find(string fileName)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "shared", "workflowbench", fileName);
            if (File.Exists(path))
            {
                return path;
            }
        }

        Assert.Skip($"The recorded file '{fileName}' is not in a folder shared/workflowbench above {AppContext.BaseDirectory}.");
        return "";
    }
}
