using PSRunner.Engine.Execution;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Execution;

/// <summary>Real threads and real limits: not beside other tests, which would take the pool's threads and the processor.</summary>
[CollectionDefinition(nameof(ConductorTests), DisableParallelization = true)]
public sealed class AloneOnTheMachine;

[Collection(nameof(ConductorTests))]
public class ConductorTests
{
    private static readonly Task<AttemptReport> Passed = Task.FromResult(new AttemptReport { Score = 1 });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_case_of_a_plan_gets_one_result(bool canCrashHost)
    {
        var batch = new MemoryBatch(2000, new NoopExecutor { CanCrashHost = canCrashHost });

        Assert.Equal(new BatchEnd(BatchStates.Completed, ""), batch.Run());
        Assert.Equal(Enumerable.Range(0, 2000), batch.Results.Select(r => r.Index).Order());
        Assert.All(batch.Results, r => Assert.Equal((Outcomes.Passed, 1.0, 1, true), (r.Outcome, r.Score, r.Attempt, r.Scored)));
        Assert.Equal((2000, 0, 0), (batch.Conductor.Snapshot.Finished, batch.Conductor.Snapshot.Running, batch.Conductor.Snapshot.Pending));
    }

    [Fact]
    public void A_test_that_ignores_its_cancellation_is_abandoned_and_hurts_no_neighbour()
    {
        var batch = new MemoryBatch(
            50,
            new NoopExecutor((c, _) => c.Case.Name == "case 3" ? Hang(c) : Passed),
            MemoryBatch.Options(grace: 0.2));
        batch.Plan.Timeouts[3] = TimeSpan.FromSeconds(1);

        Assert.Equal(BatchStates.Completed, batch.Run().State);
        var hung = Assert.Single(batch.Results, r => r.Outcome != Outcomes.Passed);
        Assert.Equal((Outcomes.TimedOut, Causes.TestTimeout, "case 3"), (hung.Outcome, hung.Cause, hung.Name));
        Assert.StartsWith("no end within 1 s; last activity: asked the oracle; it ignored its cancellation and was abandoned", hung.Message, StringComparison.Ordinal);
        Assert.InRange(hung.DurationSeconds, 1.2, 30);

        static Task<AttemptReport> Hang(AttemptContext context)
        {
            context.ReportProgress("asked the oracle");
            return new TaskCompletionSource<AttemptReport>().Task;
        }
    }

    [Fact]
    public void Tests_that_block_threads_of_the_pool_do_not_stop_time()
    {
        using var release = new ManualResetEventSlim();
        var batch = new MemoryBatch(
            20,
            new NoopExecutor((c, _) =>
            {
                if (c.Case.Name is "case 0" or "case 1" or "case 2")
                {
                    release.Wait(TimeSpan.FromSeconds(50), CancellationToken.None);
                }

                return Passed;
            }),
            MemoryBatch.Options(grace: 0.2));
        Array.Fill(batch.Plan.Timeouts, TimeSpan.FromSeconds(2), 0, 3);

        var end = batch.Run();
        release.Set();
        Assert.Equal(BatchStates.Completed, end.State);
        Assert.Equal([0, 1, 2], batch.Results.Where(r => r.Cause == Causes.TestTimeout).Select(r => r.Index).Order());
        Assert.Equal(17, batch.Results.Count(r => r.Outcome == Outcomes.Passed));
    }

    [Fact]
    public void Too_many_abandoned_tests_stop_the_batch_and_the_message_says_what_to_do()
    {
        const int Cap = 4;

        // Just as many as the cap ignore their cancellation; what begins in the place of one that was abandoned early obeys.
        var batch = new MemoryBatch(
            100,
            new NoopExecutor(async (c, cancellation) =>
            {
                var ignores = int.Parse(c.Case.Name.AsSpan("case ".Length), System.Globalization.CultureInfo.InvariantCulture) < Cap;
                await Task.Delay(Timeout.InfiniteTimeSpan, ignores ? CancellationToken.None : cancellation);
                return new AttemptReport();
            }),
            MemoryBatch.Options(grace: 2, throttle: Cap));
        Array.Fill(batch.Plan.Timeouts, TimeSpan.FromSeconds(1), 0, Cap);

        var end = batch.Run();

        Assert.Equal(BatchStates.Stopped, end.State);
        Assert.Contains("-Isolation Process", end.Message, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, Cap), batch.Results.Select(r => r.Index).Order());
        Assert.Equal(100 - Cap, batch.Conductor.Snapshot.Pending);
        Assert.Equal(Cap, batch.Conductor.Snapshot.Zombies);
    }

    [Fact]
    public void What_a_test_throws_is_its_result()
    {
        var batch = new MemoryBatch(3, new NoopExecutor(async (c, _) =>
        {
            if (c.Case.Name == "case 0")
            {
                throw new InvalidOperationException("at once");
            }

            await Task.Yield();
            return c.Case.Name == "case 1" ? throw new FormatException("later") : null!;
        }));

        Assert.Equal(BatchStates.Completed, batch.Run().State);
        Assert.All(batch.Results, r => Assert.Equal((Outcomes.Errored, Causes.Exception, FaultDomains.Test), (r.Outcome, r.Cause, r.FaultDomain)));
        Assert.Equal(
            ["InvalidOperationException: at once", "FormatException: later", "The executor returned no report, or one with null in it."],
            batch.Results.OrderBy(r => r.Index).Select(r => r.Message));
    }

    [Fact]
    public void What_a_test_says_after_its_limit_adds_its_output_and_not_its_verdict()
    {
        var batch = new MemoryBatch(1, new NoopExecutor(async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
            return new AttemptReport { Score = 1, Output = "half a poem" };
        }), MemoryBatch.Options(test: 1));

        batch.Run();

        var result = Assert.Single(batch.Results);
        Assert.Equal((Causes.TestTimeout, "half a poem", double.NaN), (result.Cause, result.Output, result.Score));
        Assert.StartsWith("no end within 1 s; last activity: started", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_holds_off_the_stall_limit_and_silence_does_not()
    {
        var batch = new MemoryBatch(2, new NoopExecutor(async (c, cancellation) =>
        {
            for (var turn = 1; turn <= 10; turn++)
            {
                await Task.Delay(c.Case.Name == "case 0" ? 500 : 30_000, cancellation);
                c.ReportProgress($"turn {turn}");
            }

            return new AttemptReport();
        }), MemoryBatch.Options(test: 40, stall: 3));

        batch.Run();

        Assert.Equal([Causes.None, Causes.Stall], batch.Results.OrderBy(r => r.Index).Select(r => r.Cause));
        Assert.StartsWith("no progress within 3 s; last activity: started", batch.Results.Single(r => r.Cause == Causes.Stall).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void While_no_thread_of_the_pool_is_free_no_test_is_called_stalled()
    {
        using var release = new ManualResetEventSlim();
        ThreadPool.SetMinThreads(Environment.ProcessorCount, Environment.ProcessorCount); // As if no test had starved it before.
        var batch = new MemoryBatch(1, new NoopExecutor(async (_, _) =>
        {
            // Far more than the pool has threads for, or gets within the stall window. The test needs one to go on.
            for (var i = 0; i < 800; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(_ => release.Wait(TimeSpan.FromSeconds(30)), null);
            }

            await Task.Yield();
            return new AttemptReport();
        }), MemoryBatch.Options(test: 60, stall: 2));

        batch.Run();
        release.Set();

        Assert.Equal(Causes.None, Assert.Single(batch.Results).Cause);
    }

    [Fact]
    public void A_cancellation_callback_that_throws_or_blocks_holds_up_nobody()
    {
        using var release = new ManualResetEventSlim();
        var batch = new MemoryBatch(4, new NoopExecutor((c, cancellation) =>
        {
            cancellation.Register(() =>
            {
                if (c.Case.Name == "case 0")
                {
                    throw new InvalidOperationException("no");
                }

                release.Wait(TimeSpan.FromSeconds(50));
            });
            return c.Case.Name is "case 0" or "case 1" ? new TaskCompletionSource<AttemptReport>().Task : Passed;
        }), MemoryBatch.Options(grace: 0.3));
        Array.Fill(batch.Plan.Timeouts, TimeSpan.FromSeconds(1), 0, 2);

        var end = batch.Run();
        release.Set();

        Assert.Equal(BatchStates.Completed, end.State);
        Assert.Equal(2, batch.Results.Count(r => r.Cause == Causes.TestTimeout));
        Assert.Contains(batch.Notes, n => n.Contains("'case 0' threw", StringComparison.Ordinal));
    }

    [Fact]
    public void A_stop_cancels_what_runs_and_leaves_it_pending()
    {
        using var running = new CountdownEvent(8);
        var batch = new MemoryBatch(100, new NoopExecutor(async (_, cancellation) =>
        {
            running.Signal();
            await Task.Delay(Timeout.Infinite, cancellation);
            return new AttemptReport();
        }));

        batch.Conductor.Start();
        Assert.True(running.Wait(TimeSpan.FromSeconds(50), TestContext.Current.CancellationToken));
        batch.Conductor.Post(new SchedulerEvent.EndRequested(BatchStates.Stopped, "Stopped by a test."));

        Assert.Equal(new BatchEnd(BatchStates.Stopped, "Stopped by a test."), batch.End());
        Assert.Empty(batch.Results);
        Assert.Equal(8, batch.Records.Count(r => r.StartsWith("canceled", StringComparison.Ordinal)));
        Assert.Equal(100, batch.Conductor.Snapshot.Pending);
    }

    [Fact]
    public async Task A_fault_of_the_engine_itself_stops_the_batch_and_cancels_what_runs()
    {
        var canceled = new TaskCompletionSource();
        var batch = new MemoryBatch(10, new NoopExecutor(async (c, cancellation) =>
        {
            if (c.Case.Name != "case 0")
            {
                return new AttemptReport();
            }

            cancellation.Register(canceled.SetResult);
            await Task.Delay(Timeout.Infinite, cancellation);
            return new AttemptReport();
        }))
        {
            OnRecord = record => _ = record == "ended 5" ? throw new InvalidOperationException("the journal is closed") : 0,
        };

        var end = batch.Run();

        Assert.Equal(BatchStates.Stopped, end.State);
        Assert.Contains("InvalidOperationException: the journal is closed", end.Message, StringComparison.Ordinal);
        await canceled.Task.WaitAsync(TimeSpan.FromSeconds(50), TestContext.Current.CancellationToken);
        Assert.Same(end, await batch.Conductor.Completion.WaitAsync(TimeSpan.FromSeconds(50), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_late_result_is_dropped_with_a_note()
    {
        var late = new TaskCompletionSource<AttemptReport>();
        var held = new TaskCompletionSource<AttemptReport>();
        var batch = new MemoryBatch(2, new NoopExecutor((c, _) => c.Case.Name == "case 0" ? late.Task : held.Task), MemoryBatch.Options(grace: 0.1));
        batch.Plan.Timeouts[0] = TimeSpan.FromSeconds(1);
        batch.OnRecord = record =>
        {
            if (record == "ended 0")
            {
                late.SetResult(new AttemptReport { Output = "too late" });
            }
        };
        
        // The other case holds the session open until the late result was heard of.
        batch.OnNote = _ => held.SetResult(new AttemptReport());

        Assert.Equal(BatchStates.Completed, batch.Run().State);
        Assert.Equal((Causes.TestTimeout, ""), (batch.Results.Single(r => r.Index == 0).Cause, batch.Results.Single(r => r.Index == 0).Output));
        Assert.Contains("An abandoned attempt returned late; its result was dropped.", batch.Notes);    }

    [Fact]
    public void A_case_that_cannot_be_read_still_gets_its_result()
    {
        var batch = new MemoryBatch(3, new NoopExecutor(), cases: i => i == 1 ? throw new IOException("gone") : new TestCase("noop", $"case {i}"));

        Assert.Equal(BatchStates.Completed, batch.Run().State);
        var unread = batch.Results.Single(r => r.Index == 1);
        Assert.Equal((Outcomes.Errored, Causes.NotStarted, FaultDomains.Harness), (unread.Outcome, unread.Cause, unread.FaultDomain));
        Assert.Equal("The case could not be read from the plan: gone", unread.Message);
        Assert.Equal(2, unread.Attempt);
    }

    [Fact]
    public void A_suspect_that_was_alone_in_a_crash_gets_its_result_without_running()
    {
        var ran = 0;
        var batch = new MemoryBatch(
            2,
            new NoopExecutor((_, _) =>
            {
                Interlocked.Increment(ref ran);
                return Passed;
            }),
            recovered: new RecoveredState { CrashedAlone = [new CaseState(0, Attempts: 2, Suspect: true)] });

        Assert.Equal(BatchStates.Completed, batch.Run().State);
        Assert.Equal(1, ran);
        var crashed = batch.Results.Single(r => r.Index == 0);
        Assert.Equal((Outcomes.Crashed, Causes.HostCrash, 2), (crashed.Outcome, crashed.Cause, crashed.Attempt));
    }

    [Theory]
    [InlineData(0.49, Outcomes.Failed, Causes.WrongAnswer)]
    [InlineData(0.5, Outcomes.Passed, Causes.None)]
    [InlineData(double.NaN, Outcomes.Failed, Causes.WrongAnswer)]
    public void A_score_without_a_verdict_is_judged_by_the_pass_score(double score, string outcome, string cause)
    {
        var batch = new MemoryBatch(1, new NoopExecutor((_, _) => Task.FromResult(new AttemptReport { Score = score, ScoreDecides = true })));

        batch.Run();

        Assert.Equal((outcome, cause, score), (batch.Results.Single().Outcome, batch.Results.Single().Cause, batch.Results.Single().Score));
    }

    [Fact]
    public void A_cause_that_is_in_no_table_is_an_error_of_the_test()
    {
        var batch = new MemoryBatch(1, new NoopExecutor((_, _) => Task.FromResult(new AttemptReport { Cause = "bad-luck", Message = "So it goes." })));

        batch.Run();

        Assert.Equal((Causes.Exception, "The executor gave the unknown cause 'bad-luck'. So it goes."), (batch.Results.Single().Cause, batch.Results.Single().Message));
    }
}
