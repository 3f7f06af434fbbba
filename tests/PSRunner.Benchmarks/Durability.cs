using System.Diagnostics;
using PSRunner.Engine;
using PSRunner.Engine.Execution;

namespace PSRunner.Benchmarks;

/// <summary>
/// How many results a second become durable, and how long each takes from the end of its test to the moment it is on the
/// device and handed out, beside the bare group commit of the same disk.
/// </summary>
/// <remarks>
/// Tests of 0 ms ask for more than the engine can do: their results queue up to the bound of <c>Credits</c>, and how long one
/// waits is the length of that queue by the rate (Little's law), whatever the disk does. What a user's test waits for shows
/// at the load that tests of 50 ms offer.
/// </remarks>
internal static class Durability
{
    private const double RunSeconds = 4;
    private const int RecordBytes = 350;
    private static readonly int[] TestMilliseconds = [50, 0];

    public static int Compare(int[] throttles)
    {
        Console.WriteLine("From the end of a test to its result on the device and in the reader's hands. Bare: as many producers that take as long between two records.");
        Console.WriteLine("test ms  at once  results/s   p50 ms   p99 ms   bare/s  bare p50  bare p99  ratio");
        foreach (var (milliseconds, throttle) in TestMilliseconds.SelectMany(m => throttles.Select(t => (m, t))))
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                var test = TimeSpan.FromMilliseconds(milliseconds);

                // As many as a run of some seconds needs, by what the tests or the disk allow.
                var expected = milliseconds > 0 ? throttle / test.TotalSeconds : BareGroupCommit.Measure(folder, 200 * throttle, RecordBytes, throttle) / 2;
                var count = (int)Math.Clamp(expected * RunSeconds, 50, 200_000);
                var f = ChildRun.Start("durable", $"{count}", $"{throttle}", $"{milliseconds}", folder);
                var waits = new List<TimeSpan>(count);
                var bare = BareGroupCommit.Measure(folder, count, RecordBytes, throttle, waits, test);
                Console.WriteLine(
                    $"{milliseconds,7} {throttle,8:N0} {f["rate"],10:N0} {f["p50"],8:F2} {f["p99"],8:F2} {bare,8:N0} {Percentile(waits, 50),9:F2} {Percentile(waits, 99),9:F2} {f["rate"] / bare,6:F2}");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    public static int RunChild(int count, int throttle, int testMilliseconds, string folder)
    {
        var ended = new long[count];
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = folder, ThrottleLimit = throttle }, [new Stamping(TimeSpan.FromMilliseconds(testMilliseconds), ended)]);
        for (var i = 0; i < count; i++)
        {
            builder.Add(new TestCase("stamp", "stamp", [new("Model", i % 2 == 0 ? "a" : "b"), new("Number", (long)i)]));
        }

        var session = builder.Start();
        var began = Stopwatch.GetTimestamp();
        var waits = new List<TimeSpan>(count);
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
            {
                waits.Add(Stopwatch.GetElapsedTime(ended[result.Index]));
                if (waits.Count == count)
                {
                    ChildRun.Print("rate", count / Stopwatch.GetElapsedTime(began).TotalSeconds);
                }
            }
        }

        ChildRun.Print("p50", Percentile(waits, 50));
        ChildRun.Print("p99", Percentile(waits, 99));
        return session.WaitForEnd(TimeSpan.FromMinutes(1)) && waits.Count == count ? 0 : 1;
    }

    /// <summary>Milliseconds.</summary>
    private static double Percentile(List<TimeSpan> waits, int percent) =>
        waits.Order().ElementAt((waits.Count - 1) * percent / 100).TotalMilliseconds;

    private sealed class Stamping(TimeSpan test, long[] ended) : ITestExecutor
    {
        public string Kind => "stamp";

        public string Fingerprint => "stamp/1";

        public IReadOnlyList<string> Metrics => [];

        public bool JudgesModel => false;

        public bool CanCrashHost => false;

        public double DefaultTestTimeoutSeconds => 600;

        public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
        {
            if (test > TimeSpan.Zero)
            {
                await Task.Delay(test, context.Time, cancellation);
            }

            ended[(int)(long)context.Case.GetParameter("Number")!] = Stopwatch.GetTimestamp();
            return new AttemptReport { Score = 1, Output = "done" };
        }
    }
}
