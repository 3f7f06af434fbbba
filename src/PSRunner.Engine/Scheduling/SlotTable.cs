namespace PSRunner.Engine.Scheduling;

/// <summary>Where an attempt stands.</summary>
internal enum SlotPhase
{
    /// <summary>No attempt.</summary>
    Free,

    /// <summary>Its start is not in the file yet.</summary>
    Starting,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It was asked to end.</summary>
    Canceling,
}

/// <summary>One running attempt.</summary>
internal struct Slot
{
    /// <summary>Which attempt of the session this is; never used again.</summary>
    public long Generation;

    /// <summary>Where it stands.</summary>
    public SlotPhase Phase;

    /// <summary>The case, this attempt counted.</summary>
    public CaseState Case;

    /// <summary>How long it may take.</summary>
    public TimeSpan Test;

    /// <summary>When a thread took it up, as far as was asked; until then when it was dispatched.</summary>
    public TimeSpan Begun;

    /// <summary>How long it may do nothing.</summary>
    public TimeSpan Stall;

    /// <summary>When it last did something, as far as was asked.</summary>
    public TimeSpan LastProgress;

    /// <summary>It was ended because memory ran short.</summary>
    public bool Evicted;

    /// <summary>The cause of the limit it reached; null: none.</summary>
    public string? Limit;
}

/// <summary>The running attempts.</summary>
internal sealed class SlotTable
{
    private readonly Stack<int> _free = new();
    private Slot[] _slots = [];
    private int _used;
    private long _generation;

    /// <summary>Attempts in the table.</summary>
    public int Count { get; private set; }

    /// <summary>The slot of a number.</summary>
    public ref Slot this[int slot] => ref _slots[slot];

    /// <summary>Numbers that were ever used; free ones among them have phase Free.</summary>
    public int Used => _used;

    /// <summary>Takes a free slot.</summary>
    public AttemptToken Take(in CaseState state)
    {
        if (!_free.TryPop(out var slot))
        {
            slot = _used++;
            if (slot == _slots.Length)
            {
                Array.Resize(ref _slots, Math.Max(16, 2 * _slots.Length));
            }
        }

        Count++;
        _slots[slot] = new Slot { Generation = ++_generation, Phase = SlotPhase.Starting, Case = state };
        return new AttemptToken(slot, _generation);
    }

    /// <summary>Frees a slot.</summary>
    public void Free(int slot)
    {
        _slots[slot] = default;
        _free.Push(slot);
        Count--;
    }

    /// <summary>True when the token is of the attempt that is in its slot now.</summary>
    public bool Holds(AttemptToken token) =>
        token.Slot >= 0 && token.Slot < _used && _slots[token.Slot].Phase != SlotPhase.Free && _slots[token.Slot].Generation == token.Generation;

    /// <summary>The token of the attempt in a slot.</summary>
    public AttemptToken TokenOf(int slot) => new(slot, _slots[slot].Generation);
}
