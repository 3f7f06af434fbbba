using System.Diagnostics;
using System.Security.Cryptography;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Saving where there is no room: on a file system of one megabyte, which only root can have.</summary>
[Collection(OneAtATime.Name)]
public sealed class FullDiskTests : IDisposable
{
    private const string Old = "what was there before";
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-full-").FullName;
    private readonly HostedPowerShell _shell;
    private readonly bool _isMounted;

    public FullDiskTests()
    {
        _shell = new HostedPowerShell(_folder);
        _isMounted = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _folder);
    }

    public void Dispose()
    {
        _shell.Dispose();
        if (_isMounted)
        {
            Run("umount", "-l", _folder);
        }

        Directory.Delete(_folder, recursive: true);
    }

    // 5,500 rows, and 20,000 that are encoded at once, find room where they wait and none where they are to go. The others find none at all.
    [Theory]
    [InlineData("old.csv", 5_500)]
    [InlineData("old.csv", 40_000)]
    [InlineData("old.jsonl -Append", 5_500)]
    [InlineData("old.json", 5_500)]
    [InlineData("old.md", 5_500)]
    [InlineData("old.xml", 5_500)]
    [InlineData("old.ctrf.json", 5_500)]
    [InlineData("old.parquet", 20_000)]
    [InlineData("old.parquet", 40_000)]
    [InlineData("new -PartitionBy outcome", 5_500)]
    [InlineData("new.parquet -Append", 5_500)]
    public void What_was_there_stays_and_nothing_is_left_behind(string target, int count)
    {
        Assert.SkipUnless(_isMounted, "Only root may mount a small file system.");
        var file = target.Split(' ')[0];
        string[] before = file.StartsWith("old", StringComparison.Ordinal) ? [Path.Combine(_folder, file)] : [];
        foreach (var path in before)
        {
            File.WriteAllText(path, Old);
        }

        var results = Made.Copies(Made.Result("Passed", "n", [], []), count, Noise);
        var error = _shell.InvokeExpectingError($"$args[0] | Save-TestResults {target}", results);

        Assert.StartsWith("FileNotWritable", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"'{file}' cannot be written: ", error.Exception.Message, StringComparison.Ordinal);
        Assert.EndsWith("What was there is untouched. Make room there, or give another path.", error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_folder));
        Assert.All(before, path => Assert.Equal(Old, File.ReadAllText(path)));
    }

    /// <summary>Text that hardly compresses.</summary>
    private static string Noise(int seed) => Convert.ToBase64String(SHA256.HashData(BitConverter.GetBytes(seed)));

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        return process.WaitForExit(TimeSpan.FromSeconds(30)) && process.ExitCode == 0;
    }
}
