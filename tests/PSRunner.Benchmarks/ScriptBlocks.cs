using System.Diagnostics;
using System.Globalization;

namespace PSRunner.Benchmarks;

/// <summary>
/// Script blocks per second in warm runspaces and warm worker processes, beside ForEach-Object -Parallel of the same pwsh,
/// which neither stores a result nor can end a test. Needs pwsh in PATH and the module built in the same configuration.
/// </summary>
internal static class ScriptBlocks
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static int Compare(int[] counts)
    {
        var package = FindPackage();
        Console.WriteLine("Script blocks { $_ }, as many at once as there are processors, each line in a pwsh of its own; all durable but the last line's.");
        Console.WriteLine("    cases  isolation              blocks/s  p50 ms  p99 ms");
        foreach (var count in counts)
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                foreach (var what in new[] { "Measure-Batch Runspace", "Measure-Batch Process", "Measure-ForEach" })
                {
                    if (Run(Script(package, folder, count, what)) is not 0 and var code)
                    {
                        Console.Error.WriteLine($"pwsh ended with {code}. It must be in PATH.");
                        return 1;
                    }
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    // Warm blocks are measured: the first 5 % of a batch's results do not count.
    private static string Script(string package, string folder, int count, string what) => string.Create(CultureInfo.InvariantCulture, $$"""
        $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'
        $env:XDG_STATE_HOME = '{{folder}}'; Import-Module '{{package}}'; Set-Location '{{folder}}'
        $count = {{count}}; $throttle = [Environment]::ProcessorCount
        function Measure-Batch($isolation) {
            $clock = [System.Diagnostics.Stopwatch]::new(); $times = [System.Collections.Generic.List[double]]::new(); $skip = [int]($count / 20); $at = @{ Seen = 0 }
            1..$count | Start-TestBatch { $_ } -Isolation $isolation -ThrottleLimit $throttle 6> $null | & { process {
                if (++$at.Seen -eq $skip) { $clock.Start() }; if ($at.Seen -gt $skip) { $times.Add($_.DurationSeconds * 1000) } } }
            $times.Sort()
            '{0,9:N0}  {1,-20} {2,10:N0} {3,7:N2} {4,7:N2}' -f $count, $isolation, (($at.Seen - $skip) / $clock.Elapsed.TotalSeconds), $times[[int]($times.Count / 2)], $times[[int]($times.Count * 0.99)]
        }
        function Measure-ForEach {
            $null = 1..200 | ForEach-Object -Parallel { $_ } -ThrottleLimit $throttle
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            $null = 1..$count | ForEach-Object -Parallel { $_ } -ThrottleLimit $throttle
            '{0,9:N0}  {1,-20} {2,10:N0}' -f $count, 'ForEach -Parallel', ($count / $clock.Elapsed.TotalSeconds)
        }
        {{what}}
        """);

    private static int Run(string script)
    {
        try
        {
            using var shell = Process.Start("pwsh", ["-NoProfile", "-NonInteractive", "-Command", script]);
            if (!shell.WaitForExit(Limit))
            {
                shell.Kill(entireProcessTree: true);
                return -1;
            }

            return shell.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }

    private static string FindPackage()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "PSRunner.sln")))
            {
                return Path.Combine(folder, "artifacts", AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug", "PSRunner");
            }
        }

        throw new InvalidOperationException("The benchmarks run outside the repository.");
    }
}
