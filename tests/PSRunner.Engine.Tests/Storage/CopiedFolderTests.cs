using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;
using PSRunner.Engine.Tests.Storage.Audit;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>Run folders that were copied, also while a process worked on them, and from other machines.</summary>
public sealed class CopiedFolderTests : IDisposable
{
    private const int Cases = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TempFolder _temp = new();
    private readonly ManualResetEventSlim _goOn = new();
    private readonly BatchSession _session;
    private readonly List<int> _seen = [];
    private int _started;

    public CopiedFolderTests()
    {
        var options = new BatchOptions { OutputPath = _temp.FullPath, ThrottleLimit = 4 };
        using var builder = new BatchBuilder(options, [new NoopExecutor(async (_, cancellation) =>
        {
            if (Interlocked.Increment(ref _started) > 10)
            {
                await Task.Run(() => _goOn.Wait(Limit, CancellationToken.None), cancellation);
            }

            return new AttemptReport { Score = 1 };
        })]);
        for (var i = 0; i < Cases; i++)
        {
            builder.Add(new TestCase("noop", $"case {i}"));
        }

        _session = builder.Start();
        while (_seen.Count < 10)
        {
            Assert.True(_session.Results.TryTake(out var result, Limit));
            _seen.Add(result.Index);
        }
    }

    public void Dispose()
    {
        _goOn.Set();
        RunToEnd(_session);
        _goOn.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void A_copy_of_a_folder_that_is_worked_on_belongs_to_nobody_and_both_go_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not tell which folder it is; there a copy is shown as running until its owner ends.");
        var copy = Copy();
        Assert.Equal(BatchStates.Lost, BatchCatalog.Read(copy).State);
        Assert.Equal(BatchStates.Running, BatchCatalog.Read(_session.Batch.RunFolder).State);

        Complete(copy);

        _goOn.Set();
        RunToEnd(_session);
        Assert.Equal((BatchStates.Completed, Cases), (_session.Batch.State, _session.Batch.Done));
        Assert.True(BatchAudit.Run(_session.Batch.RunFolder).Healthy);
    }

    [Fact]
    public void A_folder_that_came_from_another_machine_goes_on_here()
    {
        var copy = Copy();
        var folder = new RunFolder(copy);
        (OwnerInfo.Read(DiskFiles.Instance, folder)! with { Host = "another-machine", BootId = "another-boot" }).Write(DiskFiles.Instance, folder);
        Assert.Equal(BatchStates.Lost, BatchCatalog.Read(copy).State);

        Complete(copy);
    }

    [Fact]
    public void Repair_is_refused_by_the_owners_name_even_when_there_is_nothing_to_mend()
    {
        var error = Assert.Throws<TestBatchException>(() => BatchRepair.Run(_session.Batch.RunFolder));
        Assert.Equal(("BatchIsRunning", ErrorKind.Busy), (error.ErrorId, error.Kind));
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", error.Message, StringComparison.Ordinal);
    }

    private string Copy()
    {
        var copy = Path.Combine(_temp.FullPath, "copies", Path.GetFileName(_session.Batch.RunFolder));
        AuditStores.CopyFolder(_session.Batch.RunFolder, copy);
        return copy;
    }

    /// <summary>What was seen before the copy was made does not run again.</summary>
    private void Complete(string copy)
    {
        var resumed = BatchSession.Resume(copy, new ResumeOptions(), [new NoopExecutor()]);
        var ran = RunToEnd(resumed);
        Assert.Equal((BatchStates.Completed, Cases), (resumed.Batch.State, resumed.Batch.Done));
        Assert.Empty(ran.Intersect(_seen));
        Assert.True(BatchAudit.Run(copy).Healthy);
    }

    private static List<int> RunToEnd(BatchSession session)
    {
        var results = new List<int>();
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
            {
                results.Add(result.Index);
            }
        }

        Assert.True(session.WaitForEnd(Limit));
        return results;
    }
}
