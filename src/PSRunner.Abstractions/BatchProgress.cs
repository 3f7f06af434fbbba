namespace PSRunner;

/// <summary>A batch at rest: what it is, where it lies, how far it came. Counts are of durable results only.</summary>
public record TestBatch
{
    /// <summary>The label given at the start.</summary>
    public string Name { get; init; } = "";

    /// <summary>The name of the run folder; unique.</summary>
    public string Id { get; init; } = "";

    /// <summary>One of <see cref="BatchStates"/>.</summary>
    public string State { get; init; } = BatchStates.Running;

    /// <summary>Why it is in that state, in words; empty when there is nothing to say.</summary>
    public string Message { get; init; } = "";

    /// <summary>Cases in the plan.</summary>
    public int Planned { get; init; }

    /// <summary>Cases with a durable result.</summary>
    public int Done { get; init; }

    /// <summary>Results with outcome Passed.</summary>
    public int Passed { get; init; }

    /// <summary>Results with outcome Failed.</summary>
    public int Failed { get; init; }

    /// <summary>Results with outcome Errored.</summary>
    public int Errored { get; init; }

    /// <summary>Results with outcome TimedOut.</summary>
    public int TimedOut { get; init; }

    /// <summary>Results with outcome Crashed.</summary>
    public int Crashed { get; init; }

    /// <summary>Results with outcome Skipped.</summary>
    public int Skipped { get; init; }

    /// <summary>When the batch was first started, UTC.</summary>
    public DateTime StartedAt { get; init; }

    /// <summary>The session's number, from 1.</summary>
    public int Session { get; init; } = 1;

    /// <summary>The run folder, a full path.</summary>
    public string RunFolder { get; init; } = "";

    /// <summary>The process that works or worked on it; 0 when unknown.</summary>
    public int ProcessId { get; init; }

    /// <summary>True when every planned case was done and none ended other than Passed or Skipped.</summary>
    public bool Success => State == BatchStates.Completed && Done == Planned && Passed + Skipped == Done;

    /// <inheritdoc/>
    public sealed override string ToString() => Id;
}

/// <summary>A batch that lives: the same, plus what moves.</summary>
public sealed record TestProgress : TestBatch
{
    /// <summary>Attempts running now.</summary>
    public int Running { get; init; }

    /// <summary>Cases neither finished nor running.</summary>
    public int Pending { get; init; }

    /// <summary>Results that ended and are not on disk yet.</summary>
    public int Unsaved { get; init; }

    /// <summary>Cases that may run at once.</summary>
    public int ThrottleLimit { get; init; }

    /// <summary>Results per second over the last minute of this session; NaN before the first.</summary>
    public double Rate { get; init; } = double.NaN;

    /// <summary>Seconds left at that rate; NaN when unknown.</summary>
    public double LeftSeconds { get; init; } = double.NaN;

    /// <summary>Seconds since this session began, suspended time included.</summary>
    public double ElapsedSeconds { get; init; }

    /// <summary>Name and age of the attempt that has run longest; empty when none runs.</summary>
    public string SlowestRunning { get; init; } = "";

    /// <summary>What holds up new starts (disk, memory, rate, consumer, ...); empty when nothing does.</summary>
    public string Gate { get; init; } = "";

    /// <summary>The cap on requests per second; NaN: none.</summary>
    public double RequestsPerSecond { get; init; } = double.NaN;

    /// <summary>What the endpoints allow now, in words; empty when no endpoint is used.</summary>
    public string EndpointLimits { get; init; } = "";

    /// <summary>Abandoned attempts whose code still runs in this process.</summary>
    public int Zombies { get; init; }

    /// <summary>When this snapshot was taken, UTC.</summary>
    public DateTime UpdatedAt { get; init; }
}
