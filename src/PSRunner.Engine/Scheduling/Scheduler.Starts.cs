namespace PSRunner.Engine.Scheduling;

/// <summary>Who starts, and what holds starts up.</summary>
internal sealed partial class Scheduler
{
    /// <summary>So many cases, for each that may run at once, may wait for another try; while more do nothing new starts.</summary>
    internal const int RetriesForEachSlot = 4;

    private Gate _gates;

    /// <summary>What holds up new starts, in a word for people; empty when nothing does.</summary>
    public string ClosedGate
    {
        get
        {
            var closed = _gates | _lanes.ClosedGates;
            return closed.HasFlag(Gate.Disk) ? "disk"
                : closed.HasFlag(Gate.Seal) ? "seal"
                : closed.HasFlag(Gate.Memory) ? "memory"
                : closed.HasFlag(Gate.Journal) || Unsaved >= _credits.Journal ? "journal"
                : Unconsumed >= _credits.Consumer ? "consumer"
                : closed.HasFlag(Gate.Breaker) ? "breaker"
                : closed.HasFlag(Gate.Rate) || (Running == 0 && _lanes.AnyHeldBack) ? "rate"
                : _retries.Count >= RetryBound ? "retries"
                : "";
        }
    }

    private int RetryBound => RetriesForEachSlot * Throttle;

    private bool MayStart =>
        _phase == Phase.Open && !Suspended && Running < Throttle && _gates == Gate.None
        && Unsaved < _credits.Journal && Unconsumed < _credits.Consumer;

    // Nothing was begun or is waiting beside suspects, now or later in this session.
    private bool OnlySuspectsLeft => _lanes.Exhausted && _retries.Count == 0 && Running == 0;

    private void Admit()
    {
        while (MayStart && TryTakeNext(out var next))
        {
            Start(next);
        }
    }

    private bool TryTakeNext(out CaseState next)
    {
        if (_retries.TryTake(_now, _lanes, out next))
        {
            return true;
        }

        if (_retries.Count < RetryBound && _lanes.Take() is >= 0 and var index)
        {
            next = new CaseState(index);
            return true;
        }

        return OnlySuspectsLeft && IsAlone() && _suspects.TryTake(_now, _lanes, out next);
    }

    // A suspect that runs when the host dies is blamed for it: nothing else may run then, abandoned code neither.
    private bool IsAlone()
    {
        if (_zombies.Count > 0 && _suspects.Count > 0)
        {
            Close(BatchStates.Stopped, $"{_suspects.Count} cases ran when the process died and must run alone, but {_zombies.Count} abandoned tests still run in this process. Resume the batch in a new process.");
        }

        return _zombies.Count == 0;
    }

    private void Start(in CaseState state)
    {
        var begun = state with { Attempts = state.Attempts + 1 };
        var token = _slots.Take(begun);
        _lanes.Enter(_plan.LaneOf(begun.Index));
        var mustBeWritten = _plan.CanCrashHost(begun.Index);
        _actions.Add(new SchedulerAction.Start(token, begun.Index, begun.Attempts, 1 + begun.Retries, mustBeWritten));
        if (!mustBeWritten)
        {
            Dispatch(token);
        }
    }

    private void OnStartWritten(AttemptToken token)
    {
        if (_slots.Holds(token) && _slots[token.Slot].Phase == SlotPhase.Starting)
        {
            Dispatch(token);
        }
    }

    private void Dispatch(AttemptToken token)
    {
        ref var slot = ref _slots[token.Slot];
        var limits = _plan.TestTimeout(slot.Case.Index) is { } own ? _limits.ForAttempt(own) : _attemptLimits;
        slot.Phase = SlotPhase.Running;
        slot.Test = limits.Test;
        slot.Stall = limits.Stall;
        slot.Begun = slot.LastProgress = _now;
        _deadlines.Set(token.Slot, _now + Min(slot.Test, slot.Stall));
        _actions.Add(new SchedulerAction.Dispatch(token, limits));
    }

    private void OnAllowed(SchedulerEvent.LaneAllowed allowed)
    {
        _lanes.Allow(allowed.Lane, allowed.Attempts);
        OpenIfClear(allowed.Lane);
    }

    private void OnGate(SchedulerEvent.GateMoved moved)
    {
        if (moved.Lane < 0)
        {
            _gates = moved.Closed ? _gates | moved.Gate : _gates & ~moved.Gate;
            return;
        }

        _lanes.Move(moved.Lane, moved.Gate, moved.Closed);
        OpenIfClear(moved.Lane);
    }

    private void OpenIfClear(int lane)
    {
        if (!_lanes.IsClosed(lane))
        {
            _retries.UnparkAll(lane);
            _suspects.UnparkAll(lane);
        }
    }
}
