using System.Diagnostics;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>Batches that have their results when the disk stands still, as the last of these become a part.</summary>
public sealed class LastPartTests : IDisposable
{
    private const int Cases = 8;
    private static readonly TimeSpan HardLimit = TimeSpan.FromSeconds(60);

    // What a batch takes at most that is not to wait for all of the half minute that a slow disk has.
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(25);

    private readonly TempFolder _temp = new();
    private readonly ManualResetEventSlim _isStill = new();
    private readonly ManualResetEventSlim _isOver = new();

    public void Dispose()
    {
        _isOver.Set();
        _temp.Dispose();
    }

    [Theory]
    [InlineData(BatchStates.Completed, Cases)]
    [InlineData(BatchStates.Stopped, Cases - 2)]
    public void A_part_that_the_disk_never_takes_is_told_of_and_found_and_repaired(string state, int recorded)
    {
        using var session = Start(StillForEver, recorded);
        var seen = Take(session, recorded);
        Assert.True(state == BatchStates.Stopped || _isStill.Wait(HardLimit, TestContext.Current.CancellationToken));
        var clock = Stopwatch.StartNew();
        session.Stop("enough");
        Assert.True(session.WaitForEnd(HardLimit));
        Assert.True(clock.Elapsed < Early, "Who stops a batch does not wait for its parts.");

        var folder = session.Batch.RunFolder;
        WriteLastStatus(session);
        Assert.Equal((state, recorded), (session.Batch.State, session.Batch.Done));
        Assert.Contains(session.TakeNotes(), note => note.Contains($"Repair-TestBatch '{session.Batch.Id}'", StringComparison.Ordinal));
        Assert.Equal(seen, Stored(folder));
        var audit = BatchAudit.Run(folder);
        var finding = Assert.Single(audit.Findings);
        Assert.Equal((FindingSeverity.Warning, "journal/000001.jsonl"), (finding.Severity, finding.File));
        Assert.Contains("Repair-TestBatch", finding.Remedy, StringComparison.Ordinal);
        Assert.Equal((true, recorded), (audit.Healthy, audit.Recorded));

        var repaired = BatchRepair.Run(folder);

        Assert.Empty(repaired.Findings);
        Assert.Equal((recorded, Cases - recorded), (repaired.Recorded, repaired.Pending));
        Assert.Equal(state == BatchStates.Completed ? 0 : 1, Directory.GetFiles(Path.Combine(folder, "journal")).Length);
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "results"), "*.parquet"));
        Assert.Equal(seen, Stored(folder));
        Assert.Equal(state, BatchCatalog.Read(folder).State);
    }

    [Fact]
    public void A_disk_that_stands_still_for_longer_than_the_shutdown_still_takes_the_last_part()
    {
        using var session = Start(() => _isOver.Wait(TimeSpan.FromSeconds(1.5)), Cases);
        var seen = Take(session, Cases);
        Assert.True(session.WaitForEnd(HardLimit));

        var folder = session.Batch.RunFolder;
        Assert.Equal(BatchStates.Completed, session.Batch.State);
        Assert.DoesNotContain(session.TakeNotes(), note => note.Contains("Repair-TestBatch", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "journal")));
        Assert.Equal(seen, Stored(folder));
    }

    [Fact]
    public void A_disk_that_never_takes_the_last_part_holds_no_batch_beyond_its_deadline()
    {
        using var session = Start(StillForEver, Cases, deadline: 8);
        Take(session, Cases);
        var clock = Stopwatch.StartNew();
        Assert.True(session.WaitForEnd(HardLimit));
        Assert.True(clock.Elapsed < Early);
        Assert.Equal(BatchStates.Completed, session.Batch.State);
    }

    // It had next to no time; a slow machine may not have written it.
    private static void WriteLastStatus(BatchSession session) =>
        DiskFiles.Instance.Replace(new RunFolder(session.Batch.RunFolder).StatusFile, new StatusDocument { Progress = session.GetProgress() }.ToBytes());

    private void StillForEver()
    {
        _isStill.Set();
        _isOver.Wait(HardLimit);
        throw new StoreException("write", "part", "made to fail", "EIO");
    }

    private BatchSession Start(Action atPart, int ends, double deadline = 600)
    {
        var files = new FaultyFiles
        {
            Before = (words, _) =>
            {
                if (words.StartsWith("create part-", StringComparison.Ordinal))
                {
                    atPart();
                }
            },
        };
        var executor = new NoopExecutor(async (context, cancellation) =>
        {
            await Task.Delay(context.Case.GetParameters()[0].Value is long index && index < ends ? 0 : Timeout.Infinite, cancellation);
            return new AttemptReport { Score = 1, Output = context.Case.Name };
        });
        var options = new BatchOptions
        {
            OutputPath = _temp.FullPath, ThrottleLimit = Cases, BatchTimeoutSeconds = deadline, TestTimeoutSeconds = Math.Min(deadline, 120), GracePeriodSeconds = 0.1, ShutdownSeconds = 0.5,
        };
        using var builder = new BatchBuilder(options, [executor], files);
        for (var i = 0; i < Cases; i++)
        {
            builder.Add(new TestCase("noop", "case " + i, [new("i", (long)i)]));
        }

        return builder.Start();
    }

    private static List<string> Take(BatchSession session, int count)
    {
        var taken = new List<string>();
        while (taken.Count < count)
        {
            Assert.True(session.Results.TryTake(out var result, HardLimit));
            taken.Add(FakePlan.Tell(result));
        }

        return [.. taken.Order(StringComparer.Ordinal)];
    }

    private static List<string> Stored(string folder)
    {
        using var stored = StoredBatch.Open(folder);
        return [.. stored.ReadResults().Select(FakePlan.Tell).Order(StringComparer.Ordinal)];
    }
}
