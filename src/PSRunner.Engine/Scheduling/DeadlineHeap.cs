namespace PSRunner.Engine.Scheduling;

/// <summary>The deadlines of slots: one a slot, the earliest first. Moving or removing one is O(log n), so ended attempts leave nothing behind.</summary>
internal sealed class DeadlineHeap
{
    private int[] _heap = [];
    private int[] _place = [];
    private TimeSpan[] _at = [];

    /// <summary>Slots with a deadline.</summary>
    public int Count { get; private set; }

    /// <summary>The slot with the earliest deadline.</summary>
    public bool TryPeek(out int slot, out TimeSpan at)
    {
        slot = Count > 0 ? _heap[0] : -1;
        at = Count > 0 ? _at[slot] : default;
        return Count > 0;
    }

    /// <summary>Gives a slot a deadline, or another one.</summary>
    public void Set(int slot, TimeSpan at)
    {
        if (slot >= _place.Length)
        {
            var old = _place.Length;
            var size = Math.Max(slot + 1, 2 * old);
            Array.Resize(ref _heap, size);
            Array.Resize(ref _at, size);
            Array.Resize(ref _place, size);
            Array.Fill(_place, -1, old, size - old);
        }

        _at[slot] = at;
        if (_place[slot] < 0)
        {
            Put(Count, slot);
            Count++;
        }

        Rise(_place[slot]);
        Sink(_place[slot]);
    }

    /// <summary>Takes a slot's deadline away, if it has one.</summary>
    public void Remove(int slot)
    {
        if (slot >= _place.Length || _place[slot] < 0)
        {
            return;
        }

        var hole = _place[slot];
        _place[slot] = -1;
        Count--;
        if (hole < Count)
        {
            var moved = _heap[Count];
            Put(hole, moved);
            Rise(hole);
            Sink(_place[moved]);
        }
    }

    private void Rise(int place)
    {
        var slot = _heap[place];
        while (place > 0 && _at[slot] < _at[_heap[(place - 1) / 2]])
        {
            Put(place, _heap[(place - 1) / 2]);
            place = (place - 1) / 2;
        }

        Put(place, slot);
    }

    private void Sink(int place)
    {
        var slot = _heap[place];
        while (2 * place + 1 < Count)
        {
            var child = 2 * place + 1;
            if (child + 1 < Count && _at[_heap[child + 1]] < _at[_heap[child]])
            {
                child++;
            }

            if (_at[slot] <= _at[_heap[child]])
            {
                break;
            }

            Put(place, _heap[child]);
            place = child;
        }

        Put(place, slot);
    }

    private void Put(int place, int slot)
    {
        _heap[place] = slot;
        _place[slot] = place;
    }
}
