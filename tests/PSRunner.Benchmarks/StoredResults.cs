using System.Diagnostics;
using System.IO.Compression;
using Parquet;
using Parquet.Schema;
using PSRunner.Engine;
using PSRunner.Engine.Storage;

namespace PSRunner.Benchmarks;

/// <summary>What is done with the results of a batch that has ended: audit, reading, export to one Parquet file.</summary>
internal static class StoredResults
{
    public static int Audit(int[] counts)
    {
        Console.WriteLine("Audit of a completed batch, every byte against its hash; and reading all its results as objects.");
        Console.WriteLine("    cases  audit s  peak MB   read s  peak MB");
        foreach (var count in counts)
        {
            WithBatch(count, folder =>
            {
                var audit = ChildRun.Start("audit", folder);
                var read = ChildRun.Start("read", folder);
                Console.WriteLine($"{count,9:N0} {audit["seconds"],8:F2} {audit["memory"],8:F0} {read["seconds"],8:F2} {read["memory"],8:F0}");
            });
        }

        return 0;
    }

    public static int AuditChild(string folder)
    {
        var clock = Stopwatch.StartNew();
        var audit = BatchAudit.Run(RunFolderIn(folder));
        return Print(clock, audit.Healthy && audit.Recorded == audit.Planned);
    }

    public static int ReadChild(string folder)
    {
        var clock = Stopwatch.StartNew();
        using var batch = StoredBatch.Open(RunFolderIn(folder));
        return Print(clock, batch.ReadResults().Count() == batch.Count);
    }

    public static int Export(int[] counts)
    {
        Console.WriteLine("Get-TestResult | Save-TestResults x.parquet in psrunner, beside Parquet.Net alone: the same columns and values from memory.");
        Console.WriteLine("    cases  export s  peak MB  file MB  bare s  file MB  ratio");
        foreach (var count in counts)
        {
            WithBatch(count, folder =>
            {
                var ours = Path.Combine(folder, "ours.parquet");
                var command = $$"""
                    $clock = [Diagnostics.Stopwatch]::StartNew()
                    Get-TestResult -LiteralPath '{{RunFolderIn(folder)}}' | Save-TestResults '{{ours}}'
                    "seconds=$($clock.Elapsed.TotalSeconds)"
                    "memory=$([Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 / 1e6)"
                    """;
                var export = ChildRun.StartProgram("dotnet", Shell(), "-Command", command);
                var bare = ChildRun.Start("parquet", $"{count}", folder);
                Console.WriteLine(
                    $"{count,9:N0} {export["seconds"],9:F2} {export["memory"],8:F0} {new FileInfo(ours).Length / 1e6,8:F1} {bare["seconds"],7:F2} {bare["size"],8:F1} {bare["seconds"] / export["seconds"],6:F2}");
            });
        }

        return 0;
    }

    /// <summary>Writes the columns of a result, made once, in as many row groups as there are results for.</summary>
    public static async Task<int> ParquetChildAsync(int count, string folder)
    {
        const int Rows = ParquetResultWriter.RowGroupSize;
        var sample = new StoredSample(RunFolderIn(folder), Rows);
        var clock = Stopwatch.StartNew();
        var path = Path.Combine(folder, "bare.parquet");
        await using (var stream = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 20))
        {
            var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Fastest };
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(sample.Fields), stream, options);
            for (var written = 0; written < count; written += Rows)
            {
                using var group = writer.CreateRowGroup();
                await sample.WriteAsync(group);
            }
        }

        ChildRun.Print("size", new FileInfo(path).Length / 1e6);
        return Print(clock, isRight: true);
    }

    private static int Print(Stopwatch clock, bool isRight)
    {
        ChildRun.Print("seconds", clock.Elapsed.TotalSeconds);
        ChildRun.Print("memory", ChildRun.PeakMemoryMB());
        return isRight ? 0 : 1;
    }

    private static void WithBatch(int count, Action<string> measure)
    {
        var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
        try
        {
            ChildRun.Start("noop", $"{count}", folder);
            measure(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string RunFolderIn(string folder) => Directory.GetDirectories(folder).Single(f => File.Exists(Path.Combine(f, "batch.json")));

    private static string Shell()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "PSRunner.sln")))
            {
                return Path.Combine(folder, "src/PSRunner.Shell/bin", AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0/PSRunner.Shell.dll");
            }
        }

        throw new InvalidOperationException("The benchmarks run outside the repository.");
    }
}
