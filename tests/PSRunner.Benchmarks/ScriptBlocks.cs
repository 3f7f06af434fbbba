using System.Diagnostics;
using System.Globalization;

namespace PSRunner.Benchmarks;

/// <summary>
/// Script blocks per second in warm runspaces and warm worker processes, beside ForEach-Object -Parallel of the same pwsh,
/// which neither stores a result nor can end a test. Needs pwsh in PATH and the module built in the same configuration.
/// </summary>
internal static class ScriptBlocks
{
    private const int Rounds = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly (string Name, string Call)[] Ways =
        [("Runspace", "Measure-Batch Runspace"), ("Process", "Measure-Batch Process"), ("ForEach -Parallel", "Measure-ForEach")];

    public static int Compare(int[] counts)
    {
        var package = FindPackage();
        Console.WriteLine($"Script blocks {{ $_ }}, as many at once as there are processors, each in a pwsh of its own; the median of {Rounds} rounds in turn; all durable but the last line's.");
        Console.WriteLine("    cases  isolation              blocks/s   (lowest-highest)  p50 ms  p99 ms  beside ForEach");
        foreach (var count in counts)
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                if (!Measure(package, folder, count))
                {
                    Console.Error.WriteLine("pwsh failed. It must be in PATH.");
                    return 1;
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    // In turn, so that whatever else the machine does falls on all of them.
    private static bool Measure(string package, string folder, int count)
    {
        var measured = Ways.ToDictionary(way => way.Name, _ => new List<double[]>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, call) in Ways)
            {
                if (Run(Script(package, folder, count, call)) is not { Length: 3 } figures)
                {
                    return false;
                }

                measured[name].Add(figures);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: {name} {figures[0]:N0}/s")); // A run that is cut off has told something.
            }
        }

        var beside = Median(measured[Ways[^1].Name], 0);
        foreach (var (name, rounds) in measured)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{count,9:N0}  {name,-20} {Median(rounds, 0),10:N0} {$"({rounds.Min(r => r[0]):N0}-{rounds.Max(r => r[0]):N0})",18} {Median(rounds, 1),7:N2} {Median(rounds, 2),7:N2} {Median(rounds, 0) / beside,14:N1} x"));
        }

        return true;
    }

    private static double Median(List<double[]> rounds, int figure) => rounds.Select(r => r[figure]).Order().ElementAt(rounds.Count / 2);

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
            "figures $(($at.Seen - $skip) / $clock.Elapsed.TotalSeconds) $($times[[int]($times.Count / 2)]) $($times[[int]($times.Count * 0.99)])"
        }
        function Measure-ForEach {
            $null = 1..200 | ForEach-Object -Parallel { $_ } -ThrottleLimit $throttle
            $count = [int]($count / 5) # It is that slow.
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            $null = 1..$count | ForEach-Object -Parallel { $_ } -ThrottleLimit $throttle
            "figures $($count / $clock.Elapsed.TotalSeconds) NaN NaN"
        }
        {{what}}
        """);

    // Null: it failed.
    private static double[]? Run(string script)
    {
        try
        {
            using var shell = Process.Start(new ProcessStartInfo("pwsh", ["-NoProfile", "-NonInteractive", "-Command", script]) { RedirectStandardOutput = true })!;
            var line = "";
            shell.OutputDataReceived += (_, e) => line = e.Data is { } text && text.StartsWith("figures ", StringComparison.Ordinal) ? text : line;
            shell.BeginOutputReadLine();
            if (!shell.WaitForExit(Limit))
            {
                shell.Kill(entireProcessTree: true);
                return null;
            }

            return line.Length == 0 ? null : [.. line.Split(' ').Skip(1).Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
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
