namespace PSRunner.Engine.Execution;

/// <summary>How a session ended.</summary>
/// <param name="State">One of <see cref="BatchStates"/>.</param>
/// <param name="Message">Why, in words; empty when complete.</param>
internal sealed record BatchEnd(string State, string Message);

/// <summary>What the conductor knows, a few times a second. Immutable.</summary>
internal sealed record ConductorSnapshot
{
    /// <summary>One of <see cref="BatchStates"/>: Running, Suspended, or how it ends.</summary>
    public string State { get; init; } = BatchStates.Running;

    /// <summary>Attempts running.</summary>
    public int Running { get; init; }

    /// <summary>Cases with a durable result.</summary>
    public int Finished { get; init; }

    /// <summary>Cases neither finished nor running.</summary>
    public int Pending { get; init; }

    /// <summary>Results that ended and are not durable.</summary>
    public int Unsaved { get; init; }

    /// <summary>Cases that wait for another try.</summary>
    public int Waiting { get; init; }

    /// <summary>Attempts that may run at once.</summary>
    public int Throttle { get; init; }

    /// <summary>Abandoned attempts whose code still runs.</summary>
    public int Zombies { get; init; }

    /// <summary>What holds up new starts; empty when nothing does.</summary>
    public string Gate { get; init; } = "";

    /// <summary>The case of the attempt that has run longest; empty when none runs.</summary>
    public string SlowestName { get; init; } = "";

    /// <summary>How long it has run.</summary>
    public TimeSpan SlowestAge { get; init; }
}
