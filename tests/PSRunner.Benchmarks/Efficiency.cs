using System.Diagnostics;
using PSRunner.Engine;
using PSRunner.Engine.Execution;

namespace PSRunner.Benchmarks;

/// <summary>
/// A test that waits 50 ms, many at once: how close does the batch come to the ideal of throttle / 50 ms, and where is the
/// rest? "late": how much longer than 50 ms from dispatch to end (the timer, the pool); "between": from the end of a test to
/// the dispatch of the next in its place. The time to freeze the plan and begin the session is apart: it is no test's.
/// </summary>
internal static class Efficiency
{
    private const double TestSeconds = 0.05;
    private const double RunSeconds = 10;

    public static int Compare(int[] throttles)
    {
        Console.WriteLine($"Tests of {TestSeconds * 1000} ms, {RunSeconds} s of them, beside the same waits in a bare loop of tasks (no plan, no store).");
        Console.WriteLine("throttle   tests/s   ideal  of ideal  bare loop  of bare loop  late ms  between ms  start s");
        foreach (var throttle in throttles)
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                var f = ChildRun.Start("efficiency", $"{throttle}", folder);
                var ideal = throttle / TestSeconds;
                var between = (throttle / f["rate"]) - f["duration"];
                Console.WriteLine(
                    $"{throttle,8} {f["rate"],9:N0} {ideal,7:N0} {f["rate"] / ideal,9:P1} {f["bare"] / ideal,10:P1} {f["rate"] / f["bare"],13:P1}"
                    + $" {(f["duration"] - TestSeconds) * 1000,8:F2} {between * 1000,11:F2} {f["start"],8:F2}");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    public static int RunChild(int throttle, string folder)
    {
        var count = (int)(throttle / TestSeconds * RunSeconds);
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = folder, ThrottleLimit = throttle }, [new Waiting()]);
        for (var i = 0; i < count; i++)
        {
            builder.Add(new TestCase("wait", "wait", [new("Number", (long)i)]));
        }

        var clock = Stopwatch.StartNew();
        var session = builder.Start();
        ChildRun.Print("start", clock.Elapsed.TotalSeconds);
        clock.Restart();
        var (taken, seconds) = (0, 0.0);
        while (!session.Results.IsCompleted)
        {
            if (!session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
            {
                continue;
            }

            seconds += result.DurationSeconds;
            if (++taken == count)
            {
                ChildRun.Print("rate", count / clock.Elapsed.TotalSeconds);
                ChildRun.Print("duration", seconds / count);
            }
        }

        clock.Restart();
        var left = count;
        Task.WaitAll([.. Enumerable.Range(0, throttle).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(TestSeconds));
            }
        }))]);
        ChildRun.Print("bare", count / clock.Elapsed.TotalSeconds);
        return session.WaitForEnd(TimeSpan.FromMinutes(1)) ? 0 : 1;
    }

    private sealed class Waiting : ITestExecutor
    {
        public string Kind => "wait";

        public string Fingerprint => "wait/1";

        public IReadOnlyList<string> Metrics => [];

        public bool JudgesModel => true;

        public bool CanCrashHost => false;

        public double DefaultTestTimeoutSeconds => 600;

        public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
        {
            await Task.Delay(TimeSpan.FromSeconds(TestSeconds), context.Time, cancellation);
            return new AttemptReport { Score = 1 };
        }
    }
}
