using System.Diagnostics;
using PSRunner.Engine;
using PSRunner.Engine.Execution;

namespace PSRunner.Benchmarks;

/// <summary>Durable tests per second when the tests cost nothing: what is left is planning, scheduling and the store.</summary>
internal static class NoopBatches
{
    private const int Throttle = 512;

    public static int Compare(int[] counts)
    {
        Console.WriteLine($"No-op tests, {Throttle} at once; every result forced to the device before it counts. Bare: as many producers hand over as");
        Console.WriteLine("many bytes as a result and its start take in the journal; a group is one write, one flush, and an acknowledgement for each.");
        Console.WriteLine("Of a test: processor time and memory allocated, in all threads. GC: how long collections stopped the run.");
        Console.WriteLine("    cases   plan s    run s  close s   tests/s   bare/s  ratio  peak MB   cpu us  bytes   GC s");
        foreach (var count in counts)
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                var f = ChildRun.Start("noop", $"{count}", folder);
                var bare = BareGroupCommit.Measure(folder, Math.Min(count, 200_000), (int)f["record"], Throttle);
                var rate = count / f["run"];
                Console.WriteLine($"{count,9:N0} {f["plan"],8:F2} {f["run"],8:F2} {f["close"],8:F2} {rate,9:N0} {bare,8:N0} {rate / bare,6:F2} {f["memory"],8:F0} {f["cpu"],8:F1} {f["allocated"],6:N0} {f["paused"],6:F2}");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    public static int Resume(int[] counts)
    {
        Console.WriteLine("Resume of a batch whose process was killed near its end.");
        Console.WriteLine("    cases  resume s  peak MB");
        foreach (var count in counts)
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                ChildRun.StartToDie("noop", $"-{count}", folder);
                var f = ChildRun.Start("resume", folder);
                Console.WriteLine($"{count,9:N0} {f["resume"],9:F2} {f["memory"],8:F0}");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    /// <summary>A negative count: the process ends without closing the batch when 99 % are done, as if it had been killed.</summary>
    public static int RunChild(int count, string folder)
    {
        var killAt = count < 0 ? -count / 100 * 99 : int.MaxValue;
        var clock = Stopwatch.StartNew();
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = folder, ThrottleLimit = Throttle }, [new Noop()]);
        for (var i = 0; i < Math.Abs(count); i++)
        {
            builder.Add(new TestCase("noop", "noop", [new("Model", i % 2 == 0 ? "a" : "b"), new("Number", (long)i)]));
        }

        var planned = clock.Elapsed;
        var (allocated, paused, cpu) = (GC.GetTotalAllocatedBytes(), GC.GetTotalPauseDuration(), Environment.CpuUsage.TotalTime);
        var session = builder.Start();
        var taken = 0;
        while (!session.Results.IsCompleted)
        {
            if (!session.Results.TryTake(out _, TimeSpan.FromSeconds(1)))
            {
                continue;
            }

            if (++taken == 5_000)
            {
                ChildRun.Print("record", BytesOfARecord(session.Batch.RunFolder));
            }

            if (taken == Math.Min(killAt, Math.Abs(count)))
            {
                if (killAt != int.MaxValue)
                {
                    Process.GetCurrentProcess().Kill();
                }

                ChildRun.Print("run", (clock.Elapsed - planned).TotalSeconds);
                ChildRun.Print("allocated", (double)(GC.GetTotalAllocatedBytes() - allocated) / taken);
                ChildRun.Print("cpu", (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / taken);
                ChildRun.Print("paused", (GC.GetTotalPauseDuration() - paused).TotalSeconds);
                clock.Restart();
            }
        }

        session.WaitForEnd(TimeSpan.FromMinutes(1));
        ChildRun.Print("plan", planned.TotalSeconds);
        ChildRun.Print("close", clock.Elapsed.TotalSeconds);
        ChildRun.Print("memory", ChildRun.PeakMemoryMB());
        return taken == count ? 0 : 1;
    }

    public static int ResumeChild(string folder)
    {
        var clock = Stopwatch.StartNew();
        var session = BatchSession.Resume(Directory.GetDirectories(folder).Single(), new ResumeOptions(), [new Noop()]);
        ChildRun.Print("resume", clock.Elapsed.TotalSeconds);
        while (!session.Results.IsCompleted)
        {
            session.Results.TryTake(out _, TimeSpan.FromSeconds(1));
        }

        ChildRun.Print("memory", ChildRun.PeakMemoryMB());
        return session.WaitForEnd(TimeSpan.FromMinutes(1)) ? 0 : 1;
    }

    // What a result takes in the journal, its start record included.
    private static double BytesOfARecord(string runFolder)
    {
        var lines = File.ReadLines(Path.Combine(runFolder, "journal", "000001.jsonl")).Take(4_000).ToList();
        return lines.Sum(line => line.Length + 1) / (double)lines.Count(line => line.Contains("\"outcome\"", StringComparison.Ordinal));
    }

    private sealed class Noop : ITestExecutor
    {
        private static readonly Task<AttemptReport> Passed = Task.FromResult(new AttemptReport { Score = 1, Output = "done" });

        public string Kind => "noop";

        public string Fingerprint => "noop/1";

        public IReadOnlyList<string> Metrics => [];

        public bool JudgesModel => false;

        public bool CanCrashHost => false;

        public double DefaultTestTimeoutSeconds => 600;

        public Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation) => Passed;
    }
}
