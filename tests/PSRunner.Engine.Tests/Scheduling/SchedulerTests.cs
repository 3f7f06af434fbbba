using System.Collections;
using PSRunner.Engine.Scheduling;
using Act = PSRunner.Engine.Scheduling.SchedulerAction;
using Event = PSRunner.Engine.Scheduling.SchedulerEvent;

namespace PSRunner.Engine.Tests.Scheduling;

public class SchedulerTests
{
    [Fact]
    public void Lanes_take_turns_and_a_closed_one_holds_up_no_other()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9, lanes: 3));
        for (var i = 0; i < 3; i++)
        {
            batch.Ends(batch.Started.Last());
        }

        batch.Tell(new Event.GateMoved(Gate.Rate, true, Lane: 2));
        for (var i = 0; i < 4; i++)
        {
            batch.Ends(batch.Started.Last());
        }

        Assert.Equal([0, 1, 2, 3, 4, 6, 7], batch.Started);
        Assert.Equal("rate", batch.Scheduler.ClosedGate);
        batch.Tell(new Event.GateMoved(Gate.Rate, false, Lane: 2));
        Assert.Equal(5, batch.Started.Last());
    }

    [Fact]
    public void A_lane_with_a_limit_fills_no_more_slots_and_holds_up_no_other()
    {
        var plan = SimulatedPlan.Of(8, lanes: 2);
        var batch = new SchedulerDriver(plan, SchedulerDriver.Options(throttle: 4) with { ResourceLimit = new Dictionary<string, int> { ["LANE1"] = 1 } });
        Assert.Equal([0, 1, 2, 4], batch.Started);

        // A retry of the full lane waits for its place, not for time alone, and comes before what was not begun.
        batch.Ends(1, Causes.Connection);
        Assert.Equal([0, 1, 2, 4, 3], batch.Started);
        batch.Wait(60);
        Assert.Equal(4, batch.Scheduler.Running);
        batch.Ends(0);
        Assert.Equal(6, batch.Started.Last());
        batch.Ends(2);
        Assert.Equal(3, batch.Scheduler.Running);
        batch.Ends(3);
        Assert.Equal(1, batch.Started.Last());
    }

    [Fact]
    public void When_memory_runs_short_the_youngest_makes_room_three_times_and_then_that_is_its_result()
    {
        var plan = SimulatedPlan.Of(3);
        plan.Judges[2] = true; // Waits for a model: it would free nothing.
        var batch = new SchedulerDriver(plan, SchedulerDriver.Options(throttle: 3));
        for (var round = 0; round < 4; round++)
        {
            var cancel = Assert.Single(batch.Tell(new Event.MemoryShort()).OfType<Act.Cancel>());
            Assert.Equal((batch.TokenOf(1), true), (cancel.Token, cancel.AtOnce));
            Assert.Empty(batch.Tell(new Event.MemoryShort()));
            batch.Ends(1, Causes.WorkerCrash);
            batch.Wait(60);
        }

        Assert.All(batch.All.OfType<Act.EndAttempt>(), e => Assert.Equal((null, 0, 0), (e.Cause, e.Retries, e.Crashes)));
        Assert.Equal((Causes.MemoryLimit, true), batch.All.OfType<Act.Finish>().Select(f => (f.Cause, f.ReachedLimit)).Single());
        Assert.Equal([1, 1, 1, 1], batch.All.OfType<Act.Start>().Where(s => s.Index == 1).Select(s => s.Try));
        Assert.Equal(4, batch.Scheduler.Evictions);
    }

    [Fact]
    public void While_memory_in_use_rises_the_next_youngest_go_too()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(4), SchedulerDriver.Options(throttle: 4));

        Assert.Equal(batch.TokenOf(3), Assert.Single(batch.Tell(new Event.MemoryShort()).OfType<Act.Cancel>()).Token);
        Assert.Equal([batch.TokenOf(2), batch.TokenOf(1)], batch.Tell(new Event.MemoryShort(Youngest: 2)).OfType<Act.Cancel>().Select(c => c.Token));
        Assert.Empty(batch.Tell(new Event.MemoryShort()));
        Assert.Equal(batch.TokenOf(0), Assert.Single(batch.Tell(new Event.MemoryShort(Youngest: 4)).OfType<Act.Cancel>()).Token);
    }

    [Fact]
    public void Only_code_that_could_take_the_process_down_waits_for_its_start_to_be_written()
    {
        var plan = SimulatedPlan.Of(2);
        plan.InProcess[1] = true;
        var batch = new SchedulerDriver(plan, SchedulerDriver.Options(throttle: 2));

        Assert.Equal(batch.TokenOf(0), Assert.Single(batch.All.OfType<Act.Dispatch>()).Token);
        Assert.IsType<Act.Dispatch>(Assert.Single(batch.Tell(new Event.StartWritten(batch.TokenOf(1)))));
    }

    [Theory]
    [InlineData(nameof(Gate.Disk), "disk")]
    [InlineData(nameof(Gate.Seal), "seal")]
    [InlineData(nameof(Gate.Memory), "memory")]
    [InlineData(nameof(Gate.Breaker), "breaker")]
    public void A_closed_gate_admits_nothing_and_has_a_name(string word, string name)
    {
        var gate = Enum.Parse<Gate>(word);
        var batch = new SchedulerDriver(SimulatedPlan.Of(5));
        batch.Tell(new Event.GateMoved(gate, true));
        batch.Ends(0);

        Assert.Equal([0], batch.Started);
        Assert.Equal(name, batch.Scheduler.ClosedGate);
        batch.Tell(new Event.GateMoved(gate, false));
        Assert.Equal([0, 1], batch.Started);
    }

    [Fact]
    public void A_slow_disk_and_a_slow_reader_close_admission()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9), credits: new Credits(Journal: 2, Consumer: 3));
        batch.Tell(new Event.Ended(batch.TokenOf(0), ""));
        batch.Tell(new Event.Ended(batch.TokenOf(1), ""));
        Assert.Equal(("journal", 0), (batch.Scheduler.ClosedGate, batch.Scheduler.Running));

        batch.Tell(new Event.ResultsDurable(2));
        Assert.Equal(1, batch.Scheduler.Running);
        batch.Tell(new Event.Ended(batch.TokenOf(2), ""));
        batch.Tell(new Event.ResultsDurable(1));
        batch.Tell(new Event.Ended(batch.TokenOf(3), ""));
        Assert.Equal(("consumer", 0), (batch.Scheduler.ClosedGate, batch.Scheduler.Running));

        batch.Tell(new Event.ResultsConsumed(1));
        Assert.Equal(("", 1), (batch.Scheduler.ClosedGate, batch.Scheduler.Running));
    }

    [Fact]
    public void A_retry_waits_longer_each_time_frees_its_slot_and_ends_with_the_last_cause()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(2));
        var first = Assert.Single(batch.Ends(0, Causes.Throttled).OfType<Act.EndAttempt>()).RetryIn!.Value.TotalSeconds;
        Assert.Equal(1, batch.Started.Last());
        batch.Ends(1);
        batch.Wait(first);
        var second = Assert.Single(batch.Ends(0, Causes.Throttled).OfType<Act.EndAttempt>()).RetryIn!.Value.TotalSeconds;
        batch.Wait(second);
        Assert.Equal((3, 3), (batch.All.OfType<Act.Start>().Last().Attempt, batch.All.OfType<Act.Start>().Last().Try));
        batch.Ends(0, Causes.Throttled);

        Assert.InRange(first, 0.5, 1);
        Assert.InRange(second, 1, 2);
        Assert.Equal(Causes.Throttled, batch.All.OfType<Act.Finish>().Last().Cause);
        Assert.Equal(BatchStates.Completed, batch.End!.State);
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(100_000, 300)]
    public void What_the_provider_asks_for_is_waited_within_reason(double asked, double waited)
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(1));
        batch.Ends(0, Causes.Throttled, retryAfter: asked);

        Assert.Equal(waited, batch.Scheduler.NextDeadline!.Value.TotalSeconds);
    }

    [Fact]
    public void Too_many_waiting_retries_admit_nothing_new()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(50));
        for (var i = 0; i < 4; i++)
        {
            batch.Ends(i, Causes.Connection, retryAfter: 100);
        }

        Assert.Equal([0, 1, 2, 3], batch.Started);
        Assert.Equal("retries", batch.Scheduler.ClosedGate);
        batch.Wait(100);
        Assert.Equal([0, 1, 2, 3, 0], batch.Started);
    }

    [Fact]
    public void A_case_takes_down_two_workers_and_never_a_third()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(1), SchedulerDriver.Options(retries: 9));
        Assert.Equal(1, Assert.Single(batch.Ends(0, Causes.WorkerCrash).OfType<Act.EndAttempt>()).Crashes);
        batch.Wait(60);
        batch.Ends(0, Causes.WorkerCrash);

        Assert.Equal(Causes.WorkerCrash, Assert.Single(batch.All.OfType<Act.Finish>()).Cause);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(16, 4)]
    [InlineData(32, 8)]
    public void Four_abandoned_tests_or_a_quarter_of_the_throttle_stop_the_batch_and_one_less_does_not(int throttle, int cap)
    {
        var plan = SimulatedPlan.Of(100);
        for (var i = 0; i < cap; i++)
        {
            plan.Timeouts[i] = TimeSpan.FromSeconds(10 * (i + 1));
        }

        var batch = new SchedulerDriver(plan, SchedulerDriver.Options(throttle: throttle));
        batch.Wait(5);
        for (var i = 0; i < cap; i++)
        {
            Assert.Equal((BatchStates.Running, i, throttle), (batch.Scheduler.State, batch.Scheduler.Zombies, batch.Scheduler.Running));
            batch.Wait(5);
            batch.Worked(i, at: 10 * (i + 1));
            batch.Wait(5);
        }

        Assert.Equal((BatchStates.Stopped, cap, throttle - 1), (batch.Scheduler.State, batch.Scheduler.Zombies, batch.Scheduler.Running));
    }

    [Fact]
    public void At_the_test_limit_an_attempt_is_canceled_and_after_its_grace_abandoned()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(3));
        batch.Wait(300);
        Assert.Empty(batch.Worked(0, at: 299));
        batch.Wait(299);
        Assert.IsType<Act.AskProgress>(Assert.Single(batch.Wait(1)));
        Assert.IsType<Act.Cancel>(Assert.Single(batch.Worked(0, at: 599)));
        Assert.Empty(batch.Wait(4.9));
        var actions = batch.Wait(0.1);

        Assert.Equal(new Act.Finish(batch.TokenOf(0), Causes.TestTimeout, ReachedLimit: true, Abandoned: true), actions[0]);
        Assert.Equal(1, batch.Scheduler.Zombies);
        Assert.IsType<Act.Note>(Assert.Single(batch.Tell(new Event.Ended(batch.TokenOf(0), ""))));
        Assert.Equal(0, batch.Scheduler.Zombies);
    }

    [Fact]
    public void However_short_the_grace_who_is_killed_has_time_to_be_gone()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(1), SchedulerDriver.Options() with { TestTimeoutSeconds = 1, GracePeriodSeconds = 0.05 });
        batch.Wait(1);
        Assert.IsType<Act.Cancel>(Assert.Single(batch.Worked(0, at: 0)));
        Assert.Empty(batch.Wait(0.89));
        var actions = batch.Wait(0.01);

        Assert.Equal(new Act.Finish(batch.TokenOf(0), Causes.TestTimeout, ReachedLimit: true, Abandoned: true), actions[0]);
    }

    [Fact]
    public void A_stall_is_judged_by_the_last_work_done_and_is_the_test_s_own_without_a_model()
    {
        var plan = SimulatedPlan.Of(2);
        plan.Judges[1] = true;
        var batch = new SchedulerDriver(plan, SchedulerDriver.Options(throttle: 2));
        batch.Wait(300);
        batch.Worked(1, at: 250);
        Assert.IsType<Act.Cancel>(Assert.Single(batch.Worked(0, at: 0)));
        Assert.Equal(Causes.Stall, Assert.Single(batch.Ends(0).OfType<Act.Finish>()).Cause);

        batch.Wait(250);
        Assert.IsType<Act.Cancel>(Assert.Single(batch.Worked(1, at: 250)));
        Assert.Equal(Causes.Stall, Assert.Single(batch.Ends(1).OfType<Act.EndAttempt>()).Cause);
    }

    [Fact]
    public void A_clock_starts_when_a_thread_takes_the_attempt_up()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(2), SchedulerDriver.Options(throttle: 2));
        batch.Wait(300);
        Assert.Empty(batch.Worked(0, at: 0, begun: null));
        Assert.Empty(batch.Worked(1, at: 290, begun: 290));
        batch.Wait(300);
        Assert.IsType<Act.Cancel>(Assert.Single(batch.Worked(0, at: 0, begun: null)));
        Assert.Empty(batch.Worked(1, at: 580, begun: 290));

        Assert.Equal(Causes.NotStarted, Assert.Single(batch.Ends(0, Causes.NotStarted).OfType<Act.EndAttempt>()).Cause);
    }

    [Fact]
    public void An_old_token_is_not_believed()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(3));
        var old = batch.TokenOf(0);
        batch.Ends(0);

        Assert.Equal(old.Slot, batch.TokenOf(1).Slot);
        Assert.Empty(batch.Tell(new Event.Ended(old, Causes.Exception)));
        Assert.Empty(batch.Tell(new Event.Progress(old, null, batch.Now)));
        Assert.Equal(1, batch.Scheduler.Running);
    }

    [Fact]
    public void A_lane_stops_after_twenty_errors_of_one_cause_in_a_row()
    {
        var plan = SimulatedPlan.Of(100, lanes: 2);
        var batch = new SchedulerDriver(plan, SchedulerDriver.Options(retries: 0));
        while (batch.End is null)
        {
            var index = batch.Started.Last();

            // Lane 0: always another cause after nine; lane 1: twenty in a row.
            batch.Ends(index, index % 2 == 1 ? Causes.Connection : index / 2 % 10 == 9 ? Causes.ServerError : Causes.Connection);
        }

        Assert.Equal(50, batch.Started.Count(i => i % 2 == 0));
        Assert.Equal(20, batch.Started.Count(i => i % 2 == 1));
        Assert.Equal(new Act.End(BatchStates.Stopped, "Lane 'lane1' was stopped: 20 cases in a row ended with 'connection'. The rest of it stays pending."), batch.End);
        Assert.Equal(30, batch.Scheduler.Pending);
    }

    [Fact]
    public void A_lane_that_has_begun_all_its_cases_is_not_stopped_by_errors_in_a_row()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(30), SchedulerDriver.Options(throttle: 30, retries: 0));
        for (var i = 0; i < 30; i++)
        {
            Assert.DoesNotContain(batch.Ends(i, Causes.Connection), action => action is Act.Note);
        }

        Assert.Equal(BatchStates.Completed, batch.End?.State);
    }

    [Theory]
    [InlineData(Causes.Exception)]
    [InlineData(Causes.WrongAnswer)]
    [InlineData(Causes.NoReply)]
    public void What_is_no_error_of_provider_or_harness_stops_no_lane(string cause)
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(50), SchedulerDriver.Options(retries: 0));
        while (batch.End is null)
        {
            batch.Ends(batch.Started.Last(), cause);
        }

        Assert.Equal(BatchStates.Completed, batch.End.State);
    }

    [Fact]
    public void A_case_that_is_postponed_stays_pending_and_the_end_says_why()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(3), SchedulerDriver.Options());
        batch.Tell(new Event.CasesPostponed("Its model is not there."));
        Assert.Null(Assert.Single(batch.Tell(new Event.Ended(batch.TokenOf(0), Cause: null)).OfType<Act.EndAttempt>()).Cause);
        batch.Ends(1);
        batch.Ends(2);

        Assert.Equal(new Act.End(BatchStates.Stopped, "Its model is not there."), batch.End);
        Assert.Equal((2, 1), (batch.Scheduler.Finished, batch.Scheduler.Pending));
    }

    [Fact]
    public void A_refused_key_stops_its_lane_at_once_and_its_waiting_retries()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(6, lanes: 2), SchedulerDriver.Options(throttle: 4));
        batch.Ends(1, Causes.Throttled);
        batch.Ends(3, Causes.Auth);
        foreach (var index in new[] { 0, 2, 4 })
        {
            batch.Ends(index);
        }

        // Case 1 waited for its retry and case 5 was not begun.
        Assert.Equal(BatchStates.Stopped, batch.End!.State);
        Assert.Equal(2, batch.Scheduler.Pending);
        Assert.Contains("'auth'", batch.End.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Enough_failures_stop_the_batch()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9), SchedulerDriver.Options() with { MaxFailures = 2 });
        batch.Ends(0, Causes.WrongAnswer);
        batch.Ends(1, Causes.NotApplicable);
        batch.Ends(2);
        batch.Ends(3, Causes.Exception);

        Assert.Equal(new Act.End(BatchStates.Stopped, "2 cases neither passed nor were skipped (-MaxFailures 2)."), batch.End);
        Assert.Equal(5, batch.Scheduler.Pending);
    }

    [Fact]
    public void Suspended_time_is_not_the_batch_s_and_ends_after_a_day()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9), SchedulerDriver.Options() with { BatchTimeoutSeconds = 1000 });
        batch.Tell(new Event.Suspend());
        batch.Ends(0);
        Assert.Equal((0, BatchStates.Suspended), (batch.Scheduler.Running, batch.Scheduler.State));
        batch.Wait(20 * 3600);
        batch.Tell(new Event.Resume());
        Assert.Equal((1, BatchStates.Running), (batch.Scheduler.Running, batch.Scheduler.State));
        batch.Ends(1);

        batch.Tell(new Event.Suspend());
        batch.Ends(2);
        batch.Wait(24 * 3600);
        Assert.Equal(new Act.End(BatchStates.Stopped, "It was suspended for 24 h."), batch.End);
    }

    [Fact]
    public void The_batch_ends_at_its_deadline_and_what_ran_stays_pending()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9), SchedulerDriver.Options() with { BatchTimeoutSeconds = 100, TestTimeoutSeconds = 50 });
        batch.Wait(40);
        batch.Ends(0);
        batch.Wait(40);
        batch.Ends(1);
        Assert.IsType<Act.Cancel>(Assert.Single(batch.Wait(20)));
        Assert.Null(Assert.Single(batch.Ends(2).OfType<Act.EndAttempt>()).Cause);

        Assert.Equal(new Act.End(BatchStates.DeadlineReached, "The batch's time of 100 s was up."), batch.End);
        Assert.Equal((2, 7), (batch.Scheduler.Finished, batch.Scheduler.Pending));
    }

    [Fact]
    public void When_nothing_ends_for_too_long_the_batch_names_the_gate()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9));
        batch.Tell(new Event.GateMoved(Gate.Disk, true));
        batch.Ends(0);
        Assert.Empty(batch.Wait(1199));
        batch.Wait(1);

        Assert.Equal(new Act.End(BatchStates.Stalled, "No attempt ended for 1200 s; what held it up: disk."), batch.End);
    }

    [Fact]
    public void A_closing_batch_waits_for_the_disk_and_then_no_longer()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9));
        batch.Tell(new Event.Ended(batch.TokenOf(0), ""));
        batch.Tell(new Event.EndRequested(BatchStates.Stopped, "Enough."));
        batch.Tell(new Event.Ended(batch.TokenOf(1), ""));
        Assert.Null(batch.End);
        batch.Wait(9.9); // Grace and half of the shutdown; the other half is for what comes after the conductor.
        Assert.Null(batch.End);
        batch.Wait(0.1);

        Assert.Equal(new Act.End(BatchStates.Stopped, "Enough."), batch.End);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_forced_end_waits_for_no_grace_also_when_the_end_was_asked_for_before(bool askedBefore)
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9), SchedulerDriver.Options(throttle: 2));
        if (askedBefore)
        {
            batch.Tell(new Event.EndRequested(BatchStates.Stopped, "Enough."));
            batch.Wait(1);
        }

        batch.Tell(new Event.EndRequested(BatchStates.Stopped, "Now.", Force: true));
        Assert.Equal(2, batch.All.Count(a => a is Act.Cancel));
        Assert.Null(batch.End);
        batch.Wait(0);
        Assert.Equal(2, batch.All.Count(a => a is Act.EndAttempt));
        Assert.All(batch.All.OfType<Act.EndAttempt>(), a => Assert.Equal((null, true), (a.Cause, a.Abandoned)));
        Assert.Equal(new Act.End(BatchStates.Stopped, askedBefore ? "Enough." : "Now."), batch.End);
    }

    [Fact]
    public void A_jump_of_the_clock_moves_every_deadline()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(9));
        var before = batch.Scheduler.NextDeadline;
        batch.Tell(new Event.ClockJumped(TimeSpan.FromHours(50)));

        Assert.Equal(before + TimeSpan.FromHours(50), batch.Scheduler.NextDeadline);
        Assert.IsType<Act.Note>(batch.All[^1]);
    }

    [Fact]
    public void What_was_begun_comes_first_and_suspects_last_and_alone()
    {
        var plan = SimulatedPlan.Of(6);
        var batch = new SchedulerDriver(plan, SchedulerDriver.Options(throttle: 3), new RecoveredState
        {
            Finished = new BitArray(6) { [1] = true },
            Open = [new CaseState(0, 1, Suspect: true), new CaseState(2, 4, 1), new CaseState(5, 1, Suspect: true)],
        });

        Assert.Equal([2, 3, 4], batch.Started);
        Assert.Equal((5, 2), (batch.All.OfType<Act.Start>().First().Attempt, batch.All.OfType<Act.Start>().First().Try));
        batch.Ends(2);
        batch.Ends(3);
        Assert.Equal([2, 3, 4], batch.Started);
        batch.Ends(4);
        Assert.Equal([2, 3, 4, 0], batch.Started);
        batch.Ends(0);
        batch.Ends(5);
        Assert.Equal(BatchStates.Completed, batch.End!.State);
    }

    [Fact]
    public void A_suspect_does_not_run_beside_abandoned_code()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(2), recovered: new RecoveredState { Open = [new CaseState(0, 1, Suspect: true)] });
        batch.Wait(600);
        batch.Worked(1, at: 600);
        batch.Wait(5);
        batch.Save();

        Assert.Equal([1], batch.Started);
        Assert.Equal(BatchStates.Stopped, batch.End!.State);
        Assert.Contains("new process", batch.End.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_case_that_died_alone_with_the_host_ends_without_running()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(1), recovered: new RecoveredState { CrashedAlone = [new CaseState(0, 2, Suspect: true)] });
        Assert.Equal(new Act.FinishCrashed(0, 2), Assert.Single(batch.All));
        batch.Save();

        Assert.Equal(BatchStates.Completed, batch.End!.State);
    }

    [Fact]
    public void A_lower_throttle_ends_nothing_and_starts_nothing_until_it_is_kept()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(20), SchedulerDriver.Options(throttle: 4));
        batch.Tell(new Event.ThrottleSet(2));
        batch.Ends(0);
        batch.Ends(1);
        Assert.Equal(2, batch.Scheduler.Running);
        batch.Ends(2);
        Assert.Equal(5, batch.Started.Count());
        batch.Tell(new Event.ThrottleSet(10));
        Assert.Equal(10, batch.Scheduler.Running);
    }

    [Fact]
    public void A_plan_with_nothing_to_do_is_complete_at_once() =>
        Assert.Equal(BatchStates.Completed, new SchedulerDriver(SimulatedPlan.Of(0)).End!.State);
}
