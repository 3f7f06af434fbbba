using System.Collections;

namespace PSRunner.Engine.Scheduling;

/// <summary>The lanes of a plan: each with its own cursor, so that a lane that waits holds up no other.</summary>
internal sealed class LaneTable
{
    private readonly ISchedulerPlan _plan;
    private readonly BitArray _skipped;
    private readonly Lane[] _lanes;

    // The lanes with cases left; the first _open are in use.
    private readonly int[] _order;
    private int _open;
    private int _turn;

    /// <param name="plan">The plan.</param>
    /// <param name="skipped">One bit a case: true when it is not to be taken here (finished, or begun before).</param>
    /// <param name="limits">How many cases of a lane may run at once, where a lane has a limit.</param>
    public LaneTable(ISchedulerPlan plan, BitArray skipped, IReadOnlyDictionary<string, int> limits)
    {
        _plan = plan;
        _skipped = skipped;
        _lanes = new Lane[plan.LaneCount];
        _order = new int[plan.LaneCount];
        for (var lane = 0; lane < plan.LaneCount; lane++)
        {
            _lanes[lane].Allowed = int.MaxValue;
            _lanes[lane].Limit = limits.TryGetValue(plan.LaneName(lane), out var limit) ? limit : int.MaxValue;
            _lanes[lane].Cursor = Skip(plan.FirstOfLane(lane));
            if (_lanes[lane].Cursor >= 0)
            {
                _order[_open++] = lane;
            }
        }
    }

    /// <summary>True when no lane has a case left that was never taken.</summary>
    public bool Exhausted => _open == 0;

    /// <summary>The gates that are closed for single lanes.</summary>
    public Gate ClosedGates
    {
        get
        {
            var gates = Gate.None;
            foreach (var lane in _order.AsSpan(0, _open))
            {
                gates |= _lanes[lane].Gates;
            }

            return gates;
        }
    }

    /// <summary>True when the lane admits nothing for now.</summary>
    public bool IsClosed(int lane) => _lanes[lane].IsClosed;

    /// <summary>True when a lane with cases left runs as many as its steward allows for now.</summary>
    public bool AnyHeldBack
    {
        get
        {
            foreach (var lane in _order.AsSpan(0, _open))
            {
                if (_lanes[lane].Running >= _lanes[lane].Allowed)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>True when the lane admits nothing in this session any more.</summary>
    public bool IsStopped(int lane) => _lanes[lane].Stopped;

    /// <summary>True when the lane has cases left that were never taken: what stopping it would spare.</summary>
    public bool HasUnbegun(int lane) => _lanes[lane].Cursor >= 0;

    /// <summary>Opens or closes a gate of a lane.</summary>
    public void Move(int lane, Gate gate, bool closed) =>
        _lanes[lane].Gates = closed ? _lanes[lane].Gates | gate : _lanes[lane].Gates & ~gate;

    /// <summary>A case of the lane starts.</summary>
    public void Enter(int lane) => _lanes[lane].Running++;

    /// <summary>So many cases of the lane may run at once, beside its own limit.</summary>
    public void Allow(int lane, int attempts) => _lanes[lane].Allowed = attempts;

    /// <summary>A case of the lane runs no more.</summary>
    public void Leave(int lane) => _lanes[lane].Running--;

    /// <summary>Takes the next case of the lane whose turn it is; -1 when no open lane has one.</summary>
    public int Take()
    {
        for (var tried = 0; tried < _open; tried++)
        {
            _turn = _turn < _open ? _turn : 0;
            ref var lane = ref _lanes[_order[_turn]];
            if (lane.IsClosed)
            {
                _turn++;
                continue;
            }

            var index = lane.Cursor;
            lane.Cursor = Skip(_plan.NextInLane(index));
            if (lane.Cursor >= 0)
            {
                _turn++;
            }
            else
            {
                _order[_turn] = _order[--_open];
            }

            return index;
        }

        return -1;
    }

    /// <summary>The lane admits nothing any more in this session.</summary>
    public void Stop(int lane)
    {
        _lanes[lane].Stopped = true;
        if (Array.IndexOf(_order, lane, 0, _open) is >= 0 and var place)
        {
            _order[place] = _order[--_open];
        }
    }

    /// <summary>Counts how a case of the lane ended.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="error">The cause, when it is an error of the provider or the harness; else null.</param>
    /// <returns>Errors of this cause in a row.</returns>
    public int CountEnd(int lane, string? error)
    {
        ref var row = ref _lanes[lane];
        row.ErrorsInRow = error is null ? 0 : row.Error == error ? row.ErrorsInRow + 1 : 1;
        row.Error = error;
        return row.ErrorsInRow;
    }

    private int Skip(int index)
    {
        while (index >= 0 && _skipped[index])
        {
            index = _plan.NextInLane(index);
        }

        return index;
    }

    private struct Lane
    {
        public int Cursor;
        public int Limit;
        public int Allowed;
        public int Running;
        public Gate Gates;
        public bool Stopped;
        public int ErrorsInRow;
        public string? Error;

        public readonly bool IsClosed => Gates != Gate.None || Running >= Limit || Running >= Allowed;
    }
}
