using DuckDB.NET.Data;
using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>The parts as a stranger sees them: DuckDB with a plain glob, while the batch runs and after.</summary>
public sealed class PartQueryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TempFolder _temp = new();
    private readonly FakePlan _plan = new(250);
    private readonly RunFolder _folder;

    public PartQueryTests()
    {
        _folder = new RunFolder(Path.Combine(_temp.FullPath, "batch"));
        _folder.Create(DiskFiles.Instance);
    }

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void DuckDB_counts_and_averages_as_the_objects_do_during_the_run_and_after()
    {
        using var session = new Session(_folder, DiskFiles.Instance, _plan, resultsPerFile: 100);
        for (var i = 0; i < _plan.Count; i++)
        {
            session.Save(new ResultRecord(_plan.Result(i)));
        }

        session.Sealer.WriteOpenPart(session.Durable);
        AssertSame();
        Assert.Equal(["000003.jsonl"], DiskFiles.Instance.List(_folder.JournalFolder));
        session.Close();
        AssertSame();
        Assert.Empty(DiskFiles.Instance.List(_folder.JournalFolder));
        Assert.Equal(3, DiskFiles.Instance.List(_folder.ResultsFolder).Count);
    }

    [Fact]
    public void The_sealer_seals_in_order_keeps_the_open_part_fresh_and_ends_in_time()
    {
        using var session = new Session(_folder, DiskFiles.Instance, _plan);
        session.Save([.. Enumerable.Range(0, 50).Select(i => new ResultRecord(_plan.Result(i)))]);
        var (troubles, sealedFiles) = (0, 0);
        var time = new FakeTimeProvider();
        using var sealer = new Sealer(session.Sealer, e => troubles += e is null ? 0 : 1, () => sealedFiles++, time);
        sealer.RequestCheckpoint(session.Durable);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(_folder.PartFile(1)), Patience));
        Assert.Equal(50L, Query("SELECT count(*) FROM parts")[0][0]);
        Assert.True(File.Exists(_folder.JournalFile(1)));

        sealer.Seal(new ClosedFile(1));
        Assert.True(sealer.Close(Patience));
        Assert.Equal((0, 0, 1), (sealer.Backlog, troubles, sealedFiles));
        Assert.False(File.Exists(_folder.JournalFile(1)));
        Assert.Equal(50, new ResultReader(_folder, _plan).Read().Count());
    }

    [Fact]
    public void A_file_that_cannot_be_sealed_waits_is_told_once_and_stays_readable()
    {
        var files = new MemoryFiles();
        using var session = new Session(_folder, files, _plan);
        session.Save(new ResultRecord(_plan.Result(7)));
        files.Before = (_, words) => _ = MemoryFiles.OnlyReads(words) ? 0 : throw new IOException("No space left on device");
        var troubles = new List<Exception?>();
        using var told = new ManualResetEventSlim();
        using var sealer = new Sealer(
            session.Sealer,
            e =>
            {
                troubles.Add(e);
                told.Set();
            },
            static () => Assert.Fail("Nothing was sealed."),
            new FakeTimeProvider());
        sealer.Seal(new ClosedFile(1));
        Assert.True(told.Wait(Patience, TestContext.Current.CancellationToken));
        Assert.Equal(1, sealer.Backlog);
        Assert.True(sealer.Close(Patience));
        Assert.Equal(1, sealer.Backlog);
        Assert.Single(troubles);
        Assert.Equal([7], new ResultReader(_folder, _plan, files).Read().Select(r => r.Index));
    }

    [Fact]
    public void A_file_that_is_refused_once_at_the_end_is_sealed_all_the_same()
    {
        var files = new MemoryFiles();
        using var session = new Session(_folder, files, _plan);
        session.Save(new ResultRecord(_plan.Result(7)));
        using var closing = new ManualResetEventSlim();
        var refusals = 0;
        files.Before = (_, words) =>
        {
            if (words.Contains("part-", StringComparison.Ordinal) && !MemoryFiles.OnlyReads(words))
            {
                closing.Wait(Patience);
                _ = ++refusals > 1 ? 0 : throw new IOException("Input/output error");
            }
        };
        using var sealer = new Sealer(session.Sealer, static _ => { }, static () => { }, new FakeTimeProvider());
        sealer.Seal(new ClosedFile(1));
        sealer.Close(TimeSpan.Zero);
        closing.Set();
        Assert.True(sealer.Close(Patience));
        Assert.Equal(0, sealer.Backlog);
        Assert.Empty(files.List(_folder.JournalFolder));
        Assert.Equal([7], new ResultReader(_folder, _plan, files).Read().Select(r => r.Index));
    }

    private void AssertSame()
    {
        var objects = new ResultReader(_folder, _plan).Read().ToArray();
        Assert.Equal(_plan.Count, objects.Length);
        var expected = objects.GroupBy(r => (string)r.ParameterValues[0]!).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g =>
            $"{g.Key} {g.Count()} {g.Count(r => r.Scored)} {g.Where(r => !double.IsNaN(r.Score)).Average(r => r.Score):F9} {g.Where(r => !double.IsNaN(r.MetricValues[1])).Average(r => r.MetricValues[1]):F9} {g.Max(r => r.StartedAt):yyyy-MM-dd HH:mm:ss.ffffff}");
        var rows = Query("SELECT model, count(*), count(*) FILTER (scored), avg(score), avg(metric_score), strftime(max(started_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f') FROM parts GROUP BY ALL ORDER BY model");
        Assert.Equal(expected, rows.Select(row => $"{row[0]} {row[1]} {row[2]} {row[3]:F9} {row[4]:F9} {row[5]}"));

        var types = Query("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM parts)").Select(row => $"{row[0]} {row[1]}").ToArray();
        Assert.Equal(ResultColumns.Order(_plan.Schema).Select(column => column.Column), types.Select(type => type.Split(' ')[0]));
        Assert.Contains("strict BOOLEAN", types);
        Assert.Contains("rate DOUBLE", types);
        Assert.Contains("model VARCHAR", types);
        Assert.Contains("index BIGINT", types);
        Assert.Contains("started_at TIMESTAMP WITH TIME ZONE", types);
        Assert.Equal(_plan.Count / 5L, Query("SELECT count(*) FROM parts WHERE rate IS NULL")[0][0]);
        Assert.Equal((long)_plan.Count, Query("SELECT count(*) FROM parts WHERE never IS NULL")[0][0]);
        Assert.Equal(0L, Query("SELECT count(*) FROM parts WHERE isnan(score)")[0][0]);
    }

    private List<object[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("parts", $"'{_folder.ResultsFolder}/*.parquet'", StringComparison.Ordinal);
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
