namespace PSRunner.Engine.Scheduling;

/// <summary>How attempts and the batch end.</summary>
internal sealed partial class Scheduler
{
    private const int ErrorsThatStopALane = 20;

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    // However short the grace: to kill a process and see that it is gone takes time too, and who is given up before that was
    // called one who ignores his end. Within the second that an attempt may take beyond its grace.
    private static readonly TimeSpan ShortestGrace = TimeSpan.FromSeconds(0.9);

    private TimeSpan? _leftToClose;

    /// <summary>What is left of grace and shutdown when the session ended, for saving, sealing and saying so.</summary>
    public TimeSpan LeftToClose => _leftToClose ?? _limits.Shutdown;

    /// <summary>What was left of the session's time to run when it ended.</summary>
    public TimeSpan LeftToRun => Max(_batchEndsAt - _now, TimeSpan.Zero);

    // So much of the shutdown it waits for results to become durable; the rest is for what comes after it.
    private TimeSpan ForDisk => _limits.Shutdown / 2;

    private void OnSlotDue(int id)
    {
        if (_slots[id].Phase == SlotPhase.Canceling)
        {
            Abandon(id);
            return;
        }

        // It may have begun later than it was dispatched, and done work since: ask, and judge by the answer.
        _deadlines.Set(id, _now + AskAgain);
        _actions.Add(new SchedulerAction.AskProgress(_slots.TokenOf(id)));
    }

    private void OnProgress(AttemptToken token, TimeSpan? begun, TimeSpan at, bool waitsForRate)
    {
        if (!_slots.Holds(token) || _slots[token.Slot].Phase != SlotPhase.Running)
        {
            return;
        }

        // Times only move forward: what is from before a jump of the clock looks older than it is.
        ref var slot = ref _slots[token.Slot];
        slot.Begun = Max(slot.Begun, begun ?? slot.Begun);
        slot.LastProgress = Max(slot.LastProgress, Max(slot.Begun, at));
        var testAt = slot.Begun + slot.Test;
        var stallAt = begun is null ? testAt : slot.LastProgress + slot.Stall;
        if (_now >= testAt)
        {
            CancelAtLimit(token.Slot, begun is null ? Causes.NotStarted : waitsForRate ? Causes.RateWait : Causes.TestTimeout);
        }
        else if (_now >= stallAt)
        {
            CancelAtLimit(token.Slot, Causes.Stall);
        }
        else
        {
            _deadlines.Set(token.Slot, Min(testAt, stallAt));
        }
    }

    private void CancelAtLimit(int id, string cause)
    {
        _slots[id].Limit = cause;
        Cancel(id);
    }

    private void Cancel(int id, bool atOnce = false)
    {
        _slots[id].Phase = SlotPhase.Canceling;
        _deadlines.Set(id, _now + Max(_limits.Grace, ShortestGrace));
        _actions.Add(new SchedulerAction.Cancel(_slots.TokenOf(id), atOnce));
    }

    // Its grace is over and its code still runs. The slot is free, the code is not: too many of these, and the batch stops.
    private void Abandon(int id)
    {
        _zombies.Add(_slots.TokenOf(id));
        Conclude(id, reported: null, retryAfter: null, abandoned: true);
        if (_zombies.Count >= ZombieCap)
        {
            Close(BatchStates.Stopped, $"{_zombies.Count} abandoned tests ignore their cancellation and still run in this process. Run such tests with -Isolation Process.");
        }
    }

    private void OnEnded(SchedulerEvent.Ended ended)
    {
        if (_zombies.Remove(ended.Token))
        {
            Note("An abandoned attempt returned late; its result was dropped.");
        }
        else if (_slots.Holds(ended.Token) && _slots[ended.Token.Slot].Phase is SlotPhase.Running or SlotPhase.Canceling)
        {
            Conclude(ended.Token.Slot, ended.Cause, ended.RetryAfter, abandoned: false);
        }
    }

    /// <summary>The one place that says how an attempt ended.</summary>
    /// <param name="id">Its slot.</param>
    /// <param name="reported">The executor's cause; null: it said nothing.</param>
    /// <param name="retryAfter">What the provider asked for.</param>
    /// <param name="abandoned">True when its code still runs.</param>
    private void Conclude(int id, string? reported, TimeSpan? retryAfter, bool abandoned)
    {
        var slot = _slots[id];
        var token = _slots.TokenOf(id);
        var state = slot.Case;
        var limit = slot.Limit ?? (slot.Evicted && state.Evictions == MostEvictions ? Causes.MemoryLimit : null);
        var reached = limit is not null;
        _deadlines.Remove(id);
        _slots.Free(id);
        _lastEnd = _now;
        LeaveLane(_plan.LaneOf(state.Index));

        if (slot.Evicted && TryRequeue(token, state, abandoned))
        {
            return;
        }

        // A limit that was reached counts, whatever was said after it. Who was canceled because the batch ends has no
        // result: what he says may be half of one.
        if ((limit ?? (slot.Phase == SlotPhase.Canceling ? null : reported)) is not { } cause)
        {
            _actions.Add(new SchedulerAction.EndAttempt(token, null, state.Retries, state.Crashes, null, reached, abandoned));
            return;
        }

        var crashes = state.Crashes + (cause == Causes.WorkerCrash ? 1 : 0);
        if (!IsTriedAgain(state, cause, crashes))
        {
            _actions.Add(new SchedulerAction.Finish(token, cause, reached, abandoned));
            CountFinish(state.Index, cause);
            return;
        }

        TimeSpan? wait = null;
        var waiting = state with { Retries = state.Retries + 1, Crashes = crashes };
        if (_phase == Phase.Open && !_lanes.IsStopped(_plan.LaneOf(state.Index)))
        {
            wait = Backoff.Wait(state.Index, state.Attempts, state.Retries, retryAfter);
            (state.Suspect ? _suspects : _retries).Add(waiting, _now + wait.Value);
        }

        _actions.Add(new SchedulerAction.EndAttempt(token, cause, waiting.Retries, crashes, wait, reached, abandoned));
    }

    // One place came free, so one of those that wait for it is enough.
    private void LeaveLane(int lane)
    {
        _lanes.Leave(lane);
        if (!_lanes.IsClosed(lane) && !_retries.UnparkOne(lane))
        {
            _suspects.UnparkOne(lane);
        }
    }

    // A crash of a worker has its own count, so that a case may be retried for its provider and still never takes a third worker.
    private bool IsTriedAgain(in CaseState state, string cause, int crashes) =>
        cause == Causes.WorkerCrash
            ? crashes < 2
            : state.Retries < Causes.RetriesAllowed(cause, _plan.JudgesModel(state.Index), _plan.RetryCount(state.Index) ?? _limits.RetryCount);

    private void CountFinish(int index, string cause)
    {
        Unsaved++;
        var row = Causes.Find(cause);
        var lane = _plan.LaneOf(index);
        var domain = _plan.JudgesModel(index) ? row.ModelDomain : row.Domain;
        var error = row.Outcome == Outcomes.Errored && domain != FaultDomains.Test ? cause : null;
        var inARow = _lanes.CountEnd(lane, error);
        if (row.StopsLane || (inARow >= ErrorsThatStopALane && _lanes.HasUnbegun(lane)))
        {
            StopLane(lane, row.StopsLane ? $"a case ended with '{cause}'" : $"{inARow} cases in a row ended with '{cause}'");
        }

        _failures += row.Outcome is Outcomes.Passed or Outcomes.Skipped ? 0 : 1;
        if (_failures == _limits.MaxFailures)
        {
            Close(BatchStates.Stopped, $"{_failures} cases neither passed nor were skipped (-MaxFailures {_failures}).");
        }
    }

    private void StopLane(int lane, string why)
    {
        if (_lanes.IsStopped(lane))
        {
            return;
        }

        var waiting = Waiting;
        _lanes.Stop(lane);
        _retries.RemoveLane(lane);
        _suspects.RemoveLane(lane);
        var name = _plan.LaneName(lane) is { Length: > 0 } given ? $"Lane '{given}'" : "The lane without a name";
        NoteStop($"{name} was stopped: {why}." + (_lanes.HasUnbegun(lane) || Waiting < waiting ? " The rest of it stays pending." : ""));
    }

    private void NoteStop(string text)
    {
        _stops.Add(text);
        Note(text);
    }

    private void OnDurable(int count)
    {
        Unsaved -= count;
        Finished += count;
        Unconsumed += count;
    }

    private void OnEndRequested(SchedulerEvent.EndRequested end)
    {
        Close(end.State, end.Message);
        if (end.Force && _phase == Phase.Closing)
        {
            // Due now, not gone now: what has ended or withdraws at once is heard before the next look at the clock.
            _closesAt = Min(_closesAt, _now + ForDisk);
            for (var id = 0; id < _slots.Used; id++)
            {
                if (_slots[id].Phase == SlotPhase.Canceling)
                {
                    _deadlines.Set(id, _now);
                }
            }
        }
    }

    // Everything that runs is asked to end; what was not even written as started ends at once.
    private void Close(string state, string message)
    {
        if (_phase != Phase.Open)
        {
            return;
        }

        _phase = Phase.Closing;
        _endState = state;
        _endMessage = message;
        _closesAt = _now + _limits.Grace + ForDisk;
        for (var id = 0; id < _slots.Used; id++)
        {
            switch (_slots[id].Phase)
            {
                case SlotPhase.Starting: _slots[id].Phase = SlotPhase.Canceling; Conclude(id, null, null, abandoned: false); break;
                case SlotPhase.Running: Cancel(id); break;
                default: break;
            }
        }
    }

    private void EndWhenDone()
    {
        if (_phase == Phase.Open && Running == 0 && Waiting == 0 && _lanes.Exhausted && Unsaved == 0)
        {
            End(BatchStates.Stopped, string.Join(' ', _stops));
        }
        else if (_phase == Phase.Closing && ((Running == 0 && Unsaved == 0) || _now >= _closesAt))
        {
            End(_endState, _endMessage);
        }
    }

    private void End(string state, string message)
    {
        // Only when the time to close was overrun: what is left gets no more of it.
        for (var id = 0; id < _slots.Used && Running > 0; id++)
        {
            if (_slots[id].Phase != SlotPhase.Free)
            {
                Abandon(id);
            }
        }

        _leftToClose = _phase == Phase.Closing ? Max(_closesAt - _now, TimeSpan.Zero) + _limits.Shutdown - ForDisk : _limits.Shutdown;
        var complete = Finished == _plan.Count;
        _endState = complete ? BatchStates.Completed : state;
        _endMessage = complete ? "" : message;
        _phase = Phase.Closed;
        _actions.Add(new SchedulerAction.End(_endState, _endMessage));
    }
}
