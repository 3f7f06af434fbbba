using System.Diagnostics;
using PSRunner.Engine;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Benchmarks;

/// <summary>Results with one file each: how many a second are on the device with their file, beside the bare writing of such files?</summary>
internal static class Artifacts
{
    private const int Throttle = 64;
    private const int BareThreads = 8;
    private static readonly byte[] File = new byte[4096];

    public static int Compare(int[] counts)
    {
        Console.WriteLine($"No-op tests with a file of {File.Length} bytes each, {Throttle} at once, beside bare loops that make the same folders, write");
        Console.WriteLine($"and flush the same files, and flush the three folders whose names are new; one loop, and {BareThreads} at once.");
        Console.WriteLine("    cases  results/s  bare 1/s  bare 8/s  ratio to 8");
        foreach (var count in counts)
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
            try
            {
                var ours = ChildRun.Start("artifacts", $"{count}", folder)["rate"];
                var (one, many) = (Bare(Path.Combine(folder, "1"), count / 4, 1), Bare(Path.Combine(folder, "8"), count, BareThreads));
                Console.WriteLine($"{count,9:N0} {ours,10:N0} {one,9:N0} {many,9:N0} {ours / many,11:F2}");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    public static int RunChild(int count, string folder)
    {
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = folder, ThrottleLimit = Throttle }, [new Writing()]);
        for (var i = 0; i < count; i++)
        {
            builder.Add(new TestCase("write", "write", [new("Number", (long)i)]));
        }

        var clock = Stopwatch.StartNew();
        var session = builder.Start();
        var taken = 0;
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out _, TimeSpan.FromSeconds(1)) && ++taken == count)
            {
                ChildRun.Print("rate", count / clock.Elapsed.TotalSeconds);
            }
        }

        return session.WaitForEnd(TimeSpan.FromMinutes(1)) ? 0 : 1;
    }

    private static double Bare(string folder, int count, int threads)
    {
        var next = 0;
        var clock = Stopwatch.StartNew();
        Task.WaitAll([.. Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (int i; (i = Interlocked.Increment(ref next)) <= count;)
                {
                    var attempt = Path.Combine(folder, $"{i % 256:x2}", $"{i:x32}", "1-1");
                    Directory.CreateDirectory(attempt);
                    using (var file = DiskFiles.Instance.Create(Path.Combine(attempt, "file.txt")))
                    {
                        file.Write(File);
                        file.Flush();
                    }

                    DiskFiles.Instance.FlushFolder(attempt);
                    DiskFiles.Instance.FlushFolder(Path.GetDirectoryName(attempt)!);
                    DiskFiles.Instance.FlushFolder(Path.GetDirectoryName(Path.GetDirectoryName(attempt))!);
                }
            },
            TaskCreationOptions.LongRunning))]);
        return count / clock.Elapsed.TotalSeconds;
    }

    private sealed class Writing : ITestExecutor
    {
        public string Kind => "write";

        public string Fingerprint => "write/1";

        public IReadOnlyList<string> Metrics => [];

        public bool JudgesModel => false;

        public bool CanCrashHost => false;

        public double DefaultTestTimeoutSeconds => 600;

        public Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation) =>
            Task.FromResult(new AttemptReport { Score = 1, Artifacts = [new Artifact("file.txt", File)] });
    }
}
