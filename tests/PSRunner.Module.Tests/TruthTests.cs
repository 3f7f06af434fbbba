using System.Text.Json;
using DuckDB.NET.Data;

namespace PSRunner.Module.Tests;

/// <summary>The numbers of a batch are the same however it ran, whoever counts them.</summary>
public sealed class TruthTests(ITestOutputHelper output) : IDisposable
{
    private const string Cases = "New-WorkflowTest sim-strong,sim-weak,sim-unclosed-tags,sim-flaky flawed_*,optimal,baseline -Instances 2 -Seed 7";
    private static readonly (string, string) Fast = ("PSRUNNER_SIM_LATENCY_SCALE", "0.0005");

    // What may differ between two runs of the same cases: time, host, session.
    private static readonly string[] OfTheRun = ["started_at", "duration_seconds", "attempt", "session", "batch", "artifact_path"];

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-truth-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_same_seed_gives_the_same_bytes_with_one_worker_with_64_and_after_a_kill()
    {
        var alone = Run("alone", 1);
        var many = Run("many", 64);
        using (var killed = ShellProcess.Start(_folder, $"{Cases} | Start-TestBatch killed -ThrottleLimit 16 | ForEach-Object {{ $_.Id }}", ("PSRUNNER_SIM_LATENCY_SCALE", "0.01")))
        {
            Assert.True(killed.WaitForLines(40));
            killed.Kill();
        }

        using var resumed = ShellProcess.Run(_folder, "Resume-TestBatch killed | Out-Null; Get-TestResult killed | Save-TestResults killed.jsonl", Fast);
        Assert.Equal(0, resumed.ExitCode);
        var afterKill = Read("killed.jsonl");

        Assert.Equal(360, alone.Count);
        Assert.Equal(alone, many);
        Assert.Equal(alone, afterKill);
    }

    [Fact]
    public void A_model_that_hangs_is_timed_out_and_its_neighbours_are_judged()
    {
        using var shell = ShellProcess.Run(
            _folder,
            "New-WorkflowTest sim-hangs,sim-strong optimal -Instances 2 | Start-TestBatch hangs -RequestTimeoutSeconds 2 -RetryCount 0 -ThrottleLimit 20 | Save-TestResults hangs.jsonl",
            Fast);
        Assert.Equal(0, shell.ExitCode);
        var results = ReadRaw("hangs.jsonl");

        Assert.Equal(20, results.Count);
        Assert.All(results.Where(r => Text(r, "model") == "sim-hangs"), r =>
        {
            Assert.Equal("TimedOut", Text(r, "outcome"));
            Assert.Equal("no-reply Provider", Text(r, "cause") + " " + Text(r, "fault_domain"));
            Assert.False(r.GetProperty("scored").GetBoolean());
            Assert.InRange(r.GetProperty("duration_seconds").GetDouble(), 1.9, 2 + 5 + 1);
        });
        Assert.All(results.Where(r => Text(r, "model") == "sim-strong"), r => Assert.True(r.GetProperty("scored").GetBoolean()));
    }

    [Fact]
    public void DuckDB_counts_what_the_pipeline_saw_during_the_run_and_after()
    {
        using var shell = ShellProcess.Start(
            _folder,
            $"{Cases} | Start-TestBatch duck -ThrottleLimit 16 -CheckpointInterval 5 | Save-TestResults duck.parquet -PassThru | ForEach-Object {{ \"$($_.Id) $($_.Outcome) $($_.Score)\" }}",
            ("PSRUNNER_SIM_LATENCY_SCALE", "0.01"));
        Assert.True(shell.WaitForLines(60));
        var parts = Path.Combine(_folder, "test-batches", "duck-*", "results", "*.parquet").Replace('\\', '/');
        var during = 0L;
        for (var tries = 0; during == 0 && tries < 200; tries++)
        {
            during = Directory.EnumerateFiles(_folder, "part-*.parquet", SearchOption.AllDirectories).Any()
                ? (long)Query($"SELECT count(DISTINCT id) FROM '{parts}'").Single()[0]
                : 0;
        }

        shell.WaitForEnd();
        var seen = shell.Output.Select(line => line.Split(' ')).Where(w => w.Length == 3 && w[0].Length == 32)
            .GroupBy(w => w[1]).Select(g => $"{g.Key} {g.Count()}").Order(StringComparer.Ordinal).ToList();
        output.WriteLine($"{during} rows queried while the batch ran; at the end {string.Join(", ", seen)}.");

        Assert.InRange(during, 1, 360);
        const string CountOutcomes = "SELECT outcome || ' ' || count(*) FROM '{0}' GROUP BY outcome ORDER BY outcome";
        Assert.Equal(seen, Query(CountOutcomes.Replace("{0}", parts)).Select(row => (string)row[0]));
        Assert.Equal(seen, Query(CountOutcomes.Replace("{0}", Path.Combine(_folder, "duck.parquet").Replace('\\', '/'))).Select(row => (string)row[0]));

        // The average of what is scored, three ways.
        using var measured = ShellProcess.Run(_folder, "Get-TestResult duck | Measure-TestResult Model | ForEach-Object { \"$($_.Model) $($_.Judged) $($_.MeanScore.ToString('F6'))\" }");
        const string Averages = "SELECT model || ' ' || count(*) || ' ' || printf('%.6f', avg(score)) FROM '{0}' WHERE scored GROUP BY model ORDER BY model";
        var averages = Query(Averages.Replace("{0}", parts)).Select(row => (string)row[0]).ToList();
        Assert.Equal(4, averages.Count);
        Assert.Equal(averages, measured.Output.Order(StringComparer.Ordinal));
        Assert.Equal(averages, Query(Averages.Replace("{0}", Path.Combine(_folder, "duck.parquet").Replace('\\', '/'))).Select(row => (string)row[0]));
    }

    private List<string> Run(string name, int throttle)
    {
        using var shell = ShellProcess.Run(_folder, $"{Cases} | Start-TestBatch {name} -ThrottleLimit {throttle} | Save-TestResults {name}.jsonl", Fast);
        Assert.True(shell.ExitCode == 0, string.Join('\n', shell.Errors));
        return Read($"{name}.jsonl");
    }

    private List<string> Read(string file) =>
        [.. ReadRaw(file).OrderBy(r => r.GetProperty("index").GetInt64())
            .Select(r => string.Join(',', r.EnumerateObject().Where(p => !OfTheRun.Contains(p.Name)).Select(p => $"{p.Name}={p.Value.GetRawText()}")))];

    private List<JsonElement> ReadRaw(string file) =>
        [.. File.ReadLines(Path.Combine(_folder, file)).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Text(JsonElement result, string name) => result.GetProperty(name).GetString()!;

    private static List<object[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }
}
