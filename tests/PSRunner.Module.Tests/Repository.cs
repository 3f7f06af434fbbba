namespace PSRunner.Module.Tests;

/// <summary>Where the built things lie.</summary>
internal static class Repository
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    /// <summary>The folder of PSRunner.sln.</summary>
    public static string Root { get; } = FindUp("PSRunner.sln") ?? throw new InvalidOperationException("The tests run outside the repository.");

    /// <summary>The packaged module.</summary>
    public static string ModuleFolder { get; } = Path.Combine(Root, "artifacts", Configuration, "PSRunner");

    /// <summary>The packaged module's manifest.</summary>
    public static string Manifest { get; } = Path.Combine(ModuleFolder, "PSRunner.psd1");

    /// <summary>The assembly of psrunner, for <c>dotnet</c>.</summary>
    public static string Shell { get; } = Path.Combine(ShellFolder, "PSRunner.Shell.dll");

    /// <summary>The program psrunner.</summary>
    public static string ShellProgram { get; } = Path.Combine(ShellFolder, OperatingSystem.IsWindows() ? "psrunner.exe" : "psrunner");

    /// <summary>A file of the old runner where its data (shared/workflowbench) lies beside the checkout; else null.</summary>
    public static string? FindOldRunnerFile(string name) =>
        FindUp(Path.Combine("shared", "workflowbench")) is { } folder ? Path.Combine(folder, "shared", "workflowbench", name) : null;

    private static string ShellFolder => Path.Combine(Root, "src", "PSRunner.Shell", "bin", Configuration, "net10.0");

    private static string? FindUp(string name)
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Path.Exists(Path.Combine(folder, name)))
            {
                return folder;
            }
        }

        return null;
    }
}
