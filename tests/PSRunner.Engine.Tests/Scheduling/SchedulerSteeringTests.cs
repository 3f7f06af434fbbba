using Act = PSRunner.Engine.Scheduling.SchedulerAction;
using Event = PSRunner.Engine.Scheduling.SchedulerEvent;

namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>What the steward of a lane, who knows the rate of its endpoint, says to the scheduler.</summary>
public class SchedulerSteeringTests
{
    [Fact]
    public void A_lane_runs_as_many_cases_as_its_steward_allows_and_holds_up_no_other()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(12, lanes: 2), SchedulerDriver.Options(throttle: 5), steered: [new Event.LaneAllowed(1, 1)]);
        Assert.Equal([0, 1, 2, 4, 6], batch.Started);

        batch.Ends(1);
        Assert.Equal(3, batch.Started.Last());
        batch.Tell(new Event.LaneAllowed(1, 0));
        Assert.Equal(5, batch.Scheduler.Running);
        batch.Ends(3);
        Assert.Equal(8, batch.Started.Last());
        batch.Tell(new Event.LaneAllowed(1, int.MaxValue));
        batch.Ends(0);
        Assert.Equal(5, batch.Started.Last());
    }

    [Fact]
    public void A_lane_that_is_allowed_nothing_is_said_to_wait_for_its_rate_and_in_the_end_stalls()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(3), steered: [new Event.LaneAllowed(0, 0)]);
        Assert.Equal(("rate", 0), (batch.Scheduler.ClosedGate, batch.Scheduler.Running));

        batch.Wait(1200);
        Assert.Equal(BatchStates.Stalled, batch.End!.State);
        Assert.Contains("rate", batch.End.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_retry_waits_for_the_allowance_of_its_lane_and_starts_when_that_comes()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(4, lanes: 2), SchedulerDriver.Options(throttle: 2));
        Assert.Equal([0, 1], batch.Started);
        batch.Tell(new Event.LaneAllowed(1, 0));
        batch.Ends(1, Causes.Throttled);
        Assert.Equal(2, batch.Started.Last());
        batch.Wait(60);
        Assert.Equal([0, 1, 2], batch.Started);
        batch.Ends(0);
        Assert.Equal(1, batch.Scheduler.Running);

        // Once, and before what was not begun.
        batch.Tell(new Event.LaneAllowed(1, 1));
        Assert.Equal([0, 1, 2, 1], batch.Started);
        batch.Ends(1);
        Assert.Equal(3, batch.Started.Last());
    }

    [Fact]
    public void A_stopped_lane_starts_nothing_more_ends_nothing_that_runs_and_says_why_once()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(6, lanes: 2), SchedulerDriver.Options(throttle: 2));
        var told = batch.Tell(new Event.LaneStopped(1, "the key was refused"));
        Assert.Contains("the key was refused", Assert.Single(told.OfType<Act.Note>()).Text, StringComparison.Ordinal);
        Assert.Empty(batch.Tell(new Event.LaneStopped(1, "the key was refused")));
        Assert.Equal(2, batch.Scheduler.Running);

        batch.Ends(1, Causes.Throttled);
        batch.Tell(new Event.LaneAllowed(1, int.MaxValue));
        batch.Wait(60);
        batch.Ends(0);
        batch.Ends(2);
        batch.Ends(4);

        // The retry of the stopped lane stays pending, too.
        Assert.Equal([0, 1, 2, 4], batch.Started);
        Assert.Equal(BatchStates.Stopped, batch.End!.State);
        Assert.Contains("Lane 'lane1' was stopped: the key was refused.", batch.End.Message, StringComparison.Ordinal);
        Assert.Equal((3, 3), (batch.Scheduler.Finished, batch.Scheduler.Pending));
    }

    [Fact]
    public void A_test_that_reaches_its_limit_in_the_queue_for_its_rate_is_the_provider_s_and_tried_again()
    {
        var batch = new SchedulerDriver(SimulatedPlan.Of(1));
        batch.Wait(300);
        batch.Tell(new Event.Progress(batch.TokenOf(0), TimeSpan.Zero, batch.Now, WaitsForRate: true));
        batch.Wait(300);
        var cancel = Assert.Single(batch.Tell(new Event.Progress(batch.TokenOf(0), TimeSpan.Zero, batch.Now, WaitsForRate: true)));
        Assert.IsType<Act.Cancel>(cancel);

        var ended = Assert.Single(batch.Ends(0, Causes.Throttled).OfType<Act.EndAttempt>());
        Assert.Equal((Causes.RateWait, true), (ended.Cause, ended.ReachedLimit));
    }
}
