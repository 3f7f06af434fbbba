using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>A scheduler, a clock that the test moves, and what was asked for so far.</summary>
internal sealed class SchedulerDriver
{
    private readonly List<SchedulerAction> _new = [];

    /// <param name="plan">The plan.</param>
    /// <param name="options">The options; null: one at once.</param>
    /// <param name="recovered">What earlier sessions left.</param>
    /// <param name="credits">The credits of journal and reader.</param>
    /// <param name="steered">What stewards of lanes say before the session begins.</param>
    public SchedulerDriver(
        SimulatedPlan plan, BatchOptions? options = null, RecoveredState? recovered = null, Credits? credits = null, SchedulerEvent[]? steered = null)
    {
        Limits = LimitLadder.Resolve(options ?? Options(), new PlanFacts(plan.Count, false, 600));
        Scheduler = new Scheduler(plan, Limits, recovered ?? new RecoveredState(), credits);
        foreach (var said in steered ?? [])
        {
            Tell(said);
        }

        Tell(new SchedulerEvent.Begin());
    }

    public Scheduler Scheduler { get; }

    public BatchLimits Limits { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Everything that was asked for.</summary>
    public List<SchedulerAction> All { get; } = [];

    /// <summary>The last end, if the session ended.</summary>
    public SchedulerAction.End? End => All.OfType<SchedulerAction.End>().SingleOrDefault();

    /// <summary>The cases that were started, in order.</summary>
    public IEnumerable<int> Started => All.OfType<SchedulerAction.Start>().Select(s => s.Index);

    public static BatchOptions Options(int throttle = 1, int retries = 2) =>
        new() { OutputPath = "", ThrottleLimit = throttle, RetryCount = retries };

    /// <summary>Tells something and returns what is asked for.</summary>
    public IReadOnlyList<SchedulerAction> Tell(SchedulerEvent happened)
    {
        _new.Clear();
        Scheduler.Handle(happened, Now, _new);
        All.AddRange(_new);
        return [.. _new];
    }

    /// <summary>Moves the clock and looks at deadlines.</summary>
    public IReadOnlyList<SchedulerAction> Wait(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        return Tell(SchedulerEvent.Tick.Instance);
    }

    /// <summary>The attempt of a case that was started last.</summary>
    public AttemptToken TokenOf(int index) => All.OfType<SchedulerAction.Start>().Last(s => s.Index == index).Token;

    /// <summary>The last attempt of a case ends; its result, if it is one, is durable and read.</summary>
    public IReadOnlyList<SchedulerAction> Ends(int index, string cause = Causes.None, double? retryAfter = null)
    {
        var actions = Tell(new SchedulerEvent.Ended(TokenOf(index), cause, retryAfter is { } s ? TimeSpan.FromSeconds(s) : null));
        var results = actions.Count(a => a is SchedulerAction.Finish);
        return results == 0 ? actions : [.. actions, .. Save(results)];
    }

    /// <summary>Results are durable and read.</summary>
    public IReadOnlyList<SchedulerAction> Save(int count = 1) =>
        [.. Tell(new SchedulerEvent.ResultsDurable(count)), .. Tell(new SchedulerEvent.ResultsConsumed(count))];

    /// <summary>Answers the question for life signs.</summary>
    public IReadOnlyList<SchedulerAction> Worked(int index, double at, double? begun = 0) =>
        Tell(new SchedulerEvent.Progress(TokenOf(index), begun is { } b ? TimeSpan.FromSeconds(b) : null, TimeSpan.FromSeconds(at)));
}
