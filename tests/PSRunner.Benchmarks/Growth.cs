using System.Diagnostics;
using PSRunner.Engine;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;

namespace PSRunner.Benchmarks;

/// <summary>Things that are large in other ways than by their number of results.</summary>
internal static class Growth
{
    private const int OutputMB = 50;
    private const int ParameterNames = 2_000;
    private const int WideCases = 200;

    public static int Compare(int[] batchCounts)
    {
        foreach (var batches in batchCounts)
        {
            var f = ChildRun.Start("growth-batches", $"{batches}", "-");
            Console.WriteLine($"{batches:N0} batches in a folder, as Get-TestBatch and Get-TestResult go over them:");
            Console.WriteLine($"  find {f["find"]:F2} s, find one by name {f["name"]:F2} s, read their state {f["state"]:F2} s, read a result of each {f["results"]:F2} s, peak {f["memory"]:F0} MB");
        }

        var output = ChildRun.Start("growth-output", "-");
        Console.WriteLine($"One result of {OutputMB} MB output: run {output["run"]:F2} s, read {output["read"]:F2} s, audit {output["audit"]:F2} s, peak {output["memory"]:F0} MB");
        var wide = ChildRun.Start("growth-wide", "-");
        Console.WriteLine($"{ParameterNames:N0} parameter names over {WideCases} cases: run and close {wide["run"]:F2} s, read {wide["read"]:F2} s, audit {wide["audit"]:F2} s, peak {wide["memory"]:F0} MB");
        return 0;
    }

    public static int BatchesChild(int count) => InFolder(folder =>
    {
        var model = Run(folder, [new TestCase("any", "any", [new("Number", 1L)])], "done");
        for (var i = 1; i < count; i++)
        {
            Copy(model, Path.Combine(folder, $"batch{i % 100}-20261123-{i / 3600 % 24:D2}{i / 60 % 60:D2}{i % 60:D2}-{i:x4}"));
        }

        var found = Measure("find", () => BatchCatalog.Expand(folder));
        Measure("name", () => BatchCatalog.Find("batch42", folder));
        Measure("state", () => found.Count(f => BatchCatalog.Read(f).State == BatchStates.Completed));
        var read = Measure("results", () => found.Sum(CountResults));
        return found.Count == count && read == count;
    });

    public static int OutputChild() => InFolder(folder => RunOne(folder, [new TestCase("any", "any", [new("Number", 1L)])], new string('x', OutputMB << 20)));

    public static int WideChild() => InFolder(folder => RunOne(
        folder,
        [.. Enumerable.Range(0, WideCases).Select(i => new TestCase("any", "any", Enumerable.Range(0, ParameterNames).Select(p => KeyValuePair.Create($"Parameter{p}", (object?)(long)(i * p)))))],
        "done"));

    private static bool RunOne(string folder, IReadOnlyList<TestCase> cases, string output)
    {
        var runFolder = Measure("run", () => Run(folder, cases, output));
        var read = Measure("read", () => CountResults(runFolder));
        return Measure("audit", () => BatchAudit.Run(runFolder)).Healthy && read == cases.Count;
    }

    private static string Run(string folder, IReadOnlyList<TestCase> cases, string output)
    {
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = folder }, [new Saying(output)]);
        foreach (var testCase in cases)
        {
            builder.Add(testCase);
        }

        var session = builder.Start();
        while (!session.Results.IsCompleted)
        {
            session.Results.TryTake(out _, TimeSpan.FromSeconds(1));
        }

        session.WaitForEnd(TimeSpan.FromMinutes(1));
        return session.Batch.RunFolder;
    }

    private static int CountResults(string runFolder)
    {
        using var batch = StoredBatch.Open(runFolder);
        return batch.ReadResults().Count();
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static T Measure<T>(string name, Func<T> action)
    {
        var clock = Stopwatch.StartNew();
        var result = action();
        ChildRun.Print(name, clock.Elapsed.TotalSeconds);
        return result;
    }

    private static int InFolder(Func<string, bool> measure)
    {
        var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
        Environment.SetEnvironmentVariable("XDG_STATE_HOME", Path.Combine(folder, ".state"));
        try
        {
            var isRight = measure(folder);
            ChildRun.Print("memory", ChildRun.PeakMemoryMB());
            return isRight ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Saying(string output) : ITestExecutor
    {
        public string Kind => "any";

        public string Fingerprint => "any/1";

        public IReadOnlyList<string> Metrics => [];

        public bool JudgesModel => false;

        public bool CanCrashHost => false;

        public double DefaultTestTimeoutSeconds => 600;

        public Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation) =>
            Task.FromResult(new AttemptReport { Score = 1, Output = output });
    }
}
