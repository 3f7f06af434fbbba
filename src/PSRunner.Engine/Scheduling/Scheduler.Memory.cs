namespace PSRunner.Engine.Scheduling;

/// <summary>Who makes room when the machine runs out of memory.</summary>
internal sealed partial class Scheduler
{
    /// <summary>How often a case makes room for others before that is its result.</summary>
    internal const int MostEvictions = 3;

    // The youngest have the least to lose. Code in this process, and tests that wait for a model, would free nothing.
    private void OnMemoryShort(int count)
    {
        var mayGo = new List<int>();
        for (var id = 0; id < _slots.Used; id++)
        {
            if (_slots[id].Phase == SlotPhase.Canceling && _slots[id].Evicted && count == 1)
            {
                return; // One is on its way out, and its memory, not free yet, may be enough.
            }

            if (_slots[id].Phase == SlotPhase.Running && HasProcesses(_slots[id].Case.Index))
            {
                mayGo.Add(id);
            }
        }

        foreach (var id in mayGo.OrderByDescending(id => _slots[id].Generation).Take(count))
        {
            if (Evictions++ == 0)
            {
                Note("Memory runs short: the youngest tests are ended and tried again later, which counts as no attempt. A lower -ThrottleLimit or a -MemoryLimitMB keeps this from happening.");
            }

            _slots[id].Evicted = true;
            Cancel(id, atOnce: true);
        }
    }

    private bool HasProcesses(int index) => !_plan.CanCrashHost(index) && !_plan.JudgesModel(index);

    // Nobody's fault, so it counts as no attempt; but a case that is always the one too many has a result in the end.
    private bool TryRequeue(AttemptToken token, in CaseState state, bool abandoned)
    {
        if (state.Evictions == MostEvictions || _phase != Phase.Open || _lanes.IsStopped(_plan.LaneOf(state.Index)))
        {
            return false;
        }

        var waiting = state with { Evictions = state.Evictions + 1 };
        var wait = Backoff.Wait(state.Index, state.Attempts, state.Evictions, null);
        (state.Suspect ? _suspects : _retries).Add(waiting, _now + wait);
        _actions.Add(new SchedulerAction.EndAttempt(token, null, state.Retries, state.Crashes, wait, false, abandoned));
        return true;
    }
}
