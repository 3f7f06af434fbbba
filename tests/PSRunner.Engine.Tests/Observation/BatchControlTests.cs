using System.Diagnostics;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;

namespace PSRunner.Engine.Tests.Observation;

/// <summary>Real batches under commands that come through the folder, as from another shell.</summary>
public sealed class BatchControlTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-control-").FullName;
    private readonly ManualResetEventSlim _release = new();
    private int _blocked;

    public void Dispose()
    {
        _release.Set();
        _release.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Commands_are_carried_out_within_a_second_although_tests_block_every_thread_of_the_pool()
    {
        using var session = Start(200, o => o with { ThrottleLimit = 64, GracePeriodSeconds = 0.2 }, (_, _) => BlockThread());
        WaitUntil(session, p => p.Running == 64);
        var folder = session.Batch.RunFolder;

        Assert.True(InTime(() => BatchControl.Suspend(folder, Never.WaitHandle)));
        Assert.Equal(BatchStates.Suspended, BatchCatalog.Read(folder).State);
        Assert.True(InTime(() => BatchControl.SetThrottle(folder, 3, Never.WaitHandle)));
        Assert.Equal((3, BatchStates.Suspended), (BatchCatalog.Read(folder).ThrottleLimit, BatchCatalog.Read(folder).State));
        Assert.True(InTime(() => BatchControl.Resume(folder, Never.WaitHandle)));
        Assert.Equal(BatchStates.Running, BatchCatalog.Read(folder).State);
        Assert.True(InTime(() => BatchControl.Stop(folder, force: false, Never.WaitHandle)));

        Assert.True(session.WaitForEnd(Limit));
        Assert.Equal((BatchStates.Stopped, "It was stopped from another shell."), (session.Batch.State, session.Batch.Message));
        Assert.Equal(200, BatchCatalog.Read(folder).Pending);
    }

    [Fact]
    public void A_suspended_batch_starts_nothing_until_it_is_resumed()
    {
        var started = 0;
        using var session = Start(50, o => o with { ThrottleLimit = 4 }, async (_, cancellation) =>
        {
            if (Interlocked.Increment(ref started) <= 4)
            {
                await Task.Run(() => _release.Wait(Limit, cancellation), cancellation);
            }

            return new AttemptReport { Score = 1 };
        });
        WaitUntil(session, _ => Volatile.Read(ref started) == 4);
        Assert.True(BatchControl.Suspend(session.Batch.RunFolder, Never.WaitHandle));
        _release.Set();
        WaitUntil(session, p => p is { Done: 4, Running: 0 });
        Assert.Equal((46, BatchStates.Suspended), (session.GetProgress().Pending, session.GetProgress().State));
        Assert.Equal(4, Volatile.Read(ref started));

        Assert.True(BatchControl.Resume(session.Batch.RunFolder, Never.WaitHandle));
        Assert.True(session.WaitForEnd(Limit));
        Assert.Equal((BatchStates.Completed, 50), (session.Batch.State, started));
    }

    [Fact]
    public void A_forced_stop_waits_for_no_test_that_ignores_its_cancellation()
    {
        using var session = Start(20, o => o with { ThrottleLimit = 2, GracePeriodSeconds = 3600 }, (_, _) => BlockThread());
        WaitUntil(session, _ => Volatile.Read(ref _blocked) == 2);
        var folder = session.Batch.RunFolder;

        Assert.True(BatchControl.Stop(folder, force: false, Never.WaitHandle));
        Assert.False(session.WaitForEnd(TimeSpan.FromMilliseconds(300)));
        WaitUntil(session, _ => BatchCatalog.Read(folder) is { State: BatchStates.Running, Message: "It is ending: Stopped." });

        Assert.True(BatchControl.Stop(folder, force: true, Never.WaitHandle));
        Assert.True(session.WaitForEnd(Limit));
        Assert.Equal((BatchStates.Stopped, 20), (BatchCatalog.Read(folder).State, BatchCatalog.Read(folder).Pending));
    }

    [Fact]
    public void A_batch_that_sends_no_requests_says_so_when_their_rate_is_set()
    {
        using var session = Start(20, o => o with { ThrottleLimit = 2 }, (_, _) => BlockThread());
        WaitUntil(session, p => p.Running == 2);
        var folder = session.Batch.RunFolder;

        var refused = Assert.Throws<TestBatchException>(() => BatchControl.SetRequestsPerSecond(folder, 5, Never.WaitHandle));
        Assert.Equal("NoRequestsToLimit", refused.ErrorId);
        Assert.True(double.IsNaN(session.GetProgress().RequestsPerSecond));
    }

    [Fact]
    public void What_has_ended_takes_no_commands_and_can_be_removed()
    {
        using var session = Start(3, o => o, (_, _) => Task.FromResult(new AttemptReport { Score = 1 }));
        Assert.True(session.WaitForEnd(Limit));
        var folder = session.Batch.RunFolder;

        Assert.False(BatchControl.Suspend(folder, Never.WaitHandle));
        Assert.False(BatchControl.Stop(folder, force: true, Never.WaitHandle));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "control")));
        BatchControl.Remove(folder);
        Assert.False(Directory.Exists(folder));
        Assert.Equal("NoBatchThere", Assert.Throws<TestBatchException>(() => BatchControl.Remove(folder)).ErrorId);
    }

    [Fact]
    public void A_batch_that_is_worked_on_is_not_removed()
    {
        using var session = Start(3, o => o, (_, _) => BlockThread());
        var folder = session.Batch.RunFolder;

        Assert.Equal("BatchIsRunning", Assert.Throws<TestBatchException>(() => BatchControl.Remove(folder)).ErrorId);
        Assert.True(File.Exists(Path.Combine(folder, "batch.json")));
        _release.Set();
        Assert.True(session.WaitForEnd(Limit));
        Assert.Equal(3, session.Batch.Done);
    }

    private Task<AttemptReport> BlockThread()
    {
        Interlocked.Increment(ref _blocked);
        _release.Wait(Limit, Never);
        return Task.FromResult(new AttemptReport { Score = 1 });
    }

    private BatchSession Start(int count, Func<BatchOptions, BatchOptions> change, Func<AttemptContext, CancellationToken, Task<AttemptReport>> run)
    {
        using var builder = new BatchBuilder(change(new BatchOptions { OutputPath = _folder }), [new NoopExecutor(run)]);
        for (var i = 0; i < count; i++)
        {
            builder.Add(new TestCase("noop", $"case {i}", [new("Number", i)]));
        }

        return builder.Start();
    }

    private static void WaitUntil(BatchSession session, Func<TestProgress, bool> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (!isSo(session.GetProgress()))
        {
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, Limit);
            Assert.False(session.WaitForEnd(TimeSpan.FromMilliseconds(20)), "It ended early.");
        }
    }

    private static bool InTime(Func<bool> command)
    {
        var clock = Stopwatch.StartNew();
        var answer = command();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        return answer;
    }
}
