using System.Diagnostics;
using PSRunner.Engine;
using PSRunner.Engine.Commands;

namespace PSRunner.Benchmarks;

/// <summary>Native commands per second, each result durable and each tree killable, beside tools that are neither: xargs and GNU parallel.</summary>
internal static class NativeCommands
{
    private const int Throttle = 2;
    private const int More = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static int Compare(int[] counts)
    {
        Console.WriteLine($"'true' as a test, {Throttle} at once, results forced to the device; beside xargs -P{Throttle} -n1 and GNU parallel -j{Throttle}.");
        Console.WriteLine("  count  PSRunner/s   xargs/s  of xargs  parallel/s  x parallel  4 at once");
        foreach (var count in counts)
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                var ours = ChildRun.Start("commands", $"{count}", $"{Throttle}", folder)["rate"];
                var more = ChildRun.Start("commands", $"{count}", $"{More}", folder)["rate"];
                var xargs = Shell($"seq {count} | xargs -P{Throttle} -n1 true", count);
                var parallel = Shell($"command -v parallel > /dev/null && seq {count / 5} | parallel -j{Throttle} true", count / 5.0);
                Console.WriteLine($"{count,7:N0} {ours,11:N0} {xargs,9:N0} {ours / xargs,9:F2} {parallel,11:N0} {ours / parallel,11:F1} {more,9:N0}");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    public static int RunChild(int count, int throttle, string folder)
    {
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = folder, ThrottleLimit = throttle }, [new CommandExecutor()]);
        foreach (var testCase in CommandCases.Create(new CommandCaseOptions { Command = "true", CurrentFolder = folder, Repeat = count }))
        {
            builder.Add(testCase);
        }

        var clock = Stopwatch.StartNew();
        var session = builder.Start();
        var taken = 0;
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)) && result.Outcome == Outcomes.Passed && ++taken == count)
            {
                ChildRun.Print("rate", count / clock.Elapsed.TotalSeconds);
            }
        }

        return session.WaitForEnd(TimeSpan.FromMinutes(1)) && taken == count ? 0 : 1;
    }

    // NaN when the tool is not there.
    private static double Shell(string script, double count)
    {
        var clock = Stopwatch.StartNew();
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]))!;
        return !shell.WaitForExit(Limit) ? throw new TimeoutException($"'{script}' did not end.")
            : shell.ExitCode == 0 ? count / clock.Elapsed.TotalSeconds
            : double.NaN;
    }
}
