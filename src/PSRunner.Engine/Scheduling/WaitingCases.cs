namespace PSRunner.Engine.Scheduling;

/// <summary>Cases that were started before and wait for their next attempt, the earliest due first.</summary>
internal sealed class WaitingCases(ISchedulerPlan plan)
{
    private readonly PriorityQueue<CaseState, (TimeSpan Due, long Order)> _queue = new();

    // Due, but their lane is closed or full: they must not stand in front of other lanes'.
    private readonly Dictionary<int, Queue<CaseState>> _parked = [];
    private int _parkedCount;
    private long _order;

    /// <summary>Cases that wait.</summary>
    public int Count => _queue.Count + _parkedCount;

    /// <summary>When the first of them is due, parked ones aside.</summary>
    public TimeSpan? NextDue => _queue.TryPeek(out _, out var key) ? key.Due : null;

    /// <summary>Lets a case wait.</summary>
    public void Add(in CaseState waiting, TimeSpan due) => _queue.Enqueue(waiting, (due, _order++));

    /// <summary>Takes the first case that is due and whose lane is open.</summary>
    public bool TryTake(TimeSpan now, LaneTable lanes, out CaseState waiting)
    {
        while (_queue.TryPeek(out waiting, out var key) && key.Due <= now)
        {
            _queue.Dequeue();
            var lane = plan.LaneOf(waiting.Index);
            if (!lanes.IsClosed(lane))
            {
                return true;
            }

            if (!_parked.TryGetValue(lane, out var parked))
            {
                _parked.Add(lane, parked = []);
            }

            parked.Enqueue(waiting);
            _parkedCount++;
        }

        return false;
    }

    /// <summary>A place in a lane came free: the first of its parked cases is due.</summary>
    /// <returns>False when none was parked.</returns>
    public bool UnparkOne(int lane)
    {
        if (!_parked.TryGetValue(lane, out var parked) || !parked.TryDequeue(out var waiting))
        {
            return false;
        }

        _parkedCount--;
        Add(waiting, TimeSpan.Zero);
        return true;
    }

    /// <summary>A lane opened: its parked cases are due.</summary>
    public void UnparkAll(int lane)
    {
        while (UnparkOne(lane))
        {
        }

        _parked.Remove(lane);
    }

    /// <summary>Forgets the cases of a lane that stopped; they stay pending for a later session.</summary>
    public void RemoveLane(int lane)
    {
        UnparkAll(lane);
        var others = _queue.UnorderedItems.Where(item => plan.LaneOf(item.Element.Index) != lane).ToArray();
        _queue.Clear();
        _queue.EnqueueRange(others);
    }
}
