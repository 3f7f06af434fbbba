using System.Collections;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Scheduling;

/// <summary>
/// Decides who starts, who has run too long, who is tried again and when the batch ends. A pure state machine: events and
/// the clock come in, actions come out; no I/O, no threads, no locks. One thread at a time may use it.
/// </summary>
/// <remarks>
/// In four files: this one is the door and the clock, <c>Scheduler.Starts.cs</c> says who starts and what holds starts up,
/// <c>Scheduler.Ends.cs</c> how attempts and the batch end, <c>Scheduler.Memory.cs</c> who makes room when memory runs short.
/// Inside, time is the session's own: what a <see cref="SchedulerEvent.ClockJumped"/> skipped is taken off the clock, so that every deadline moves with it.
/// </remarks>
internal sealed partial class Scheduler
{
    private static readonly TimeSpan LongestSuspension = TimeSpan.FromHours(24);
    private static readonly TimeSpan ShortestStalledWindow = TimeSpan.FromMinutes(15);

    private readonly ISchedulerPlan _plan;
    private readonly BatchLimits _limits;
    private readonly AttemptLimits _attemptLimits;
    private readonly LaneTable _lanes;
    private readonly WaitingCases _retries;
    private readonly WaitingCases _suspects;
    private readonly RecoveredState _recovered;
    private readonly Credits _credits;
    private readonly SlotTable _slots = new();
    private readonly DeadlineHeap _deadlines = new();
    private readonly HashSet<AttemptToken> _zombies = [];
    private readonly List<string> _stops = [];

    private List<SchedulerAction> _actions = [];
    private Phase _phase;
    private TimeSpan _now;
    private TimeSpan _skipped;
    private TimeSpan _batchEndsAt;
    private TimeSpan _lastEnd;
    private TimeSpan _suspendedAt;
    private TimeSpan _closesAt;
    private string _endState = BatchStates.Running;
    private string _endMessage = "";
    private int _failures;

    /// <param name="plan">The frozen plan.</param>
    /// <param name="limits">The limits of this session.</param>
    /// <param name="recovered">What earlier sessions left.</param>
    /// <param name="credits">How many results may be on their way; null: the usual.</param>
    public Scheduler(ISchedulerPlan plan, BatchLimits limits, RecoveredState recovered, Credits? credits = null)
    {
        _credits = credits ?? Credits.Usual;
        _plan = plan;
        _limits = limits;
        _attemptLimits = limits.ForAttempt();
        Throttle = limits.Throttle;
        _recovered = recovered;
        _retries = new WaitingCases(plan);
        _suspects = new WaitingCases(plan);

        // Finished or begun before: not for the lanes' cursors. The one bit a case that the scheduler keeps.
        var known = recovered.Finished is null ? new BitArray(plan.Count) : new BitArray(recovered.Finished);
        for (var i = 0; recovered.Finished is not null && i < plan.Count; i++)
        {
            Finished += known[i] ? 1 : 0;
        }

        foreach (var open in recovered.Open.Concat(recovered.CrashedAlone))
        {
            known[open.Index] = true;
        }

        _lanes = new LaneTable(plan, known, limits.Lanes);
    }

    private enum Phase
    {
        New,
        Open,
        Closing,
        Closed,
    }

    /// <summary>Attempts that were ended because memory ran short.</summary>
    public int Evictions { get; private set; }

    /// <summary>Attempts that may run at once.</summary>
    public int Throttle { get; private set; }

    /// <summary>Attempts running now.</summary>
    public int Running => _slots.Count;

    /// <summary>Cases with a durable result.</summary>
    public int Finished { get; private set; }

    /// <summary>Results that ended and are not durable yet.</summary>
    public int Unsaved { get; private set; }

    /// <summary>Durable results that the reader did not take yet.</summary>
    public int Unconsumed { get; private set; }

    /// <summary>Cases neither finished nor running; those whose result is not durable yet are among them.</summary>
    public int Pending => _plan.Count - Finished - Running;

    /// <summary>Cases that wait for another try.</summary>
    public int Waiting => _retries.Count + _suspects.Count;

    /// <summary>Abandoned attempts whose code still runs.</summary>
    public int Zombies => _zombies.Count;

    /// <summary>True between suspend and resume.</summary>
    public bool Suspended { get; private set; }

    /// <summary>The state of the batch: Running, Suspended, or how it ends.</summary>
    public string State => _phase is Phase.Closing or Phase.Closed ? _endState : Suspended ? BatchStates.Suspended : BatchStates.Running;

    /// <summary>When <see cref="SchedulerEvent.Tick"/> is due; null: nothing waits for time.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            if (_phase is Phase.New or Phase.Closed)
            {
                return null;
            }

            var next = _deadlines.TryPeek(out _, out var at) ? at : TimeSpan.MaxValue;
            if (_phase == Phase.Closing)
            {
                next = Min(next, _closesAt);
            }
            else if (Suspended)
            {
                next = Min(next, _suspendedAt + LongestSuspension);
            }
            else
            {
                next = Min(next, Min(_batchEndsAt, StallsAt));
                next = Min(next, Min(Ahead(_retries.NextDue), Ahead(_suspects.NextDue)));
            }

            return next == TimeSpan.MaxValue ? null : next + _skipped;
        }
    }

    // Nothing ended for so long that nothing will.
    private TimeSpan StallsAt
    {
        get
        {
            var window = 2 * _limits.LongestTest;
            return _lastEnd + (window > ShortestStalledWindow ? window : ShortestStalledWindow);
        }
    }

    private int ZombieCap => Math.Max(4, Throttle / 4);

    /// <summary>Takes in what happened.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="now">The monotonic clock; never runs backwards.</param>
    /// <param name="actions">What is to be done is added here, in order.</param>
    public void Handle(SchedulerEvent happened, TimeSpan now, List<SchedulerAction> actions)
    {
        if (_phase == Phase.Closed)
        {
            return;
        }

        if (happened is SchedulerEvent.ClockJumped jump)
        {
            _skipped += jump.Gap;
        }

        _now = now - _skipped > _now ? now - _skipped : _now;
        _actions = actions;
        switch (happened)
        {
            case SchedulerEvent.Begin: Begin(); break;
            case SchedulerEvent.Tick: LookAtDeadlines(); break;
            case SchedulerEvent.StartWritten e: OnStartWritten(e.Token); break;
            case SchedulerEvent.Ended e: OnEnded(e); break;
            case SchedulerEvent.Progress e: OnProgress(e.Token, e.Begun - _skipped, e.At - _skipped, e.WaitsForRate); break;
            case SchedulerEvent.ResultsDurable e: OnDurable(e.Count); break;
            case SchedulerEvent.ResultsConsumed e: Unconsumed -= e.Count; break;
            case SchedulerEvent.GateMoved e: OnGate(e); break;
            case SchedulerEvent.MemoryShort shortage: OnMemoryShort(shortage.Youngest); break;
            case SchedulerEvent.LaneAllowed e: OnAllowed(e); break;
            case SchedulerEvent.LaneStopped e: StopLane(e.Lane, e.Why); break;
            case SchedulerEvent.CasesPostponed e: NoteStop(e.Why); break;
            case SchedulerEvent.ThrottleSet e: OnThrottle(e.Limit); break;
            case SchedulerEvent.Suspend: OnSuspend(); break;
            case SchedulerEvent.Resume: OnResume(); break;
            case SchedulerEvent.EndRequested e: OnEndRequested(e); break;
            case SchedulerEvent.ClockJumped e: Note($"The clock jumped by {Seconds(e.Gap)} (sleep, or the process was stopped); all limits moved with it."); break;
            default: throw new ArgumentException($"{happened.GetType().Name} is no event of the scheduler.", nameof(happened));
        }

        Admit();
        EndWhenDone();
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static string Seconds(TimeSpan time) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    // What is due and was not started waits for something else than time.
    private TimeSpan Ahead(TimeSpan? due) => due > _now ? due.Value : TimeSpan.MaxValue;

    private void Begin()
    {
        _phase = Phase.Open;
        _lastEnd = _now;
        _batchEndsAt = _now + _limits.Batch;
        foreach (var crashed in _recovered.CrashedAlone)
        {
            _actions.Add(new SchedulerAction.FinishCrashed(crashed.Index, crashed.Attempts));
            CountFinish(crashed.Index, Causes.HostCrash);
        }

        // What was begun comes before what was not, so that the set of begun cases stays small over many sessions.
        foreach (var open in _recovered.Open)
        {
            (open.Suspect ? _suspects : _retries).Add(open, _now);
        }
    }

    private void LookAtDeadlines()
    {
        while (_deadlines.TryPeek(out var slot, out var at) && at <= _now)
        {
            OnSlotDue(slot);
        }

        if (_phase == Phase.Open)
        {
            if (Suspended)
            {
                if (_now >= _suspendedAt + LongestSuspension)
                {
                    Close(BatchStates.Stopped, "It was suspended for 24 h.");
                }
            }
            else if (_now >= _batchEndsAt)
            {
                Close(BatchStates.DeadlineReached, $"The batch's time of {Seconds(_limits.Batch)} was up.");
            }
            else if (_now >= StallsAt)
            {
                Close(BatchStates.Stalled, $"No attempt ended for {Seconds(_now - _lastEnd)}; what held it up: {(ClosedGate is { Length: > 0 } gate ? gate : "unknown")}.");
            }
        }
    }

    private void OnThrottle(int limit)
    {
        Throttle = limit;
        _actions.Add(new SchedulerAction.StateChanged(State));
    }

    private void OnSuspend()
    {
        if (!Suspended && _phase == Phase.Open)
        {
            Suspended = true;
            _suspendedAt = _now;
            _actions.Add(new SchedulerAction.StateChanged(BatchStates.Suspended));
        }
    }

    private void OnResume()
    {
        if (Suspended && _phase == Phase.Open)
        {
            Suspended = false;
            _batchEndsAt += _now - _suspendedAt;
            _lastEnd = _now;
            _actions.Add(new SchedulerAction.StateChanged(BatchStates.Running));
        }
    }

    private void Note(string text) => _actions.Add(new SchedulerAction.Note(text));
}
