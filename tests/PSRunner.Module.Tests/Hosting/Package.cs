namespace PSRunner.Module.Tests.Hosting;

/// <summary>Where the built module and the shell lie: what is shipped is what is tested.</summary>
internal static class Package
{
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;

    public static string Root { get; } = FindRoot();

    public static string ModuleFolder { get; } = Path.Combine(Root, "artifacts", Configuration, "PSRunner");

    public static string Manifest { get; } = Path.Combine(ModuleFolder, "PSRunner.psd1");

    public static string Shell { get; } = Path.Combine(
        Root, "src", "PSRunner.Shell", "bin", Configuration, "net10.0", OperatingSystem.IsWindows() ? "psrunner.exe" : "psrunner");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PSRunner.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds PSRunner.sln.");
    }
}
