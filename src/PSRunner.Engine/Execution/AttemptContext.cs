namespace PSRunner.Engine.Execution;

/// <summary>What an executor knows of the attempt it runs, and how it says that work was done.</summary>
public sealed class AttemptContext
{
    // Longer than anything takes that holds the clocks and has a limit of its own. What has none (a program on a disk that does
    // not answer) must not keep a slot for ever.
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(2);

    private long _clockStart;
    private long _heldSince;
    private long _lastProgress;
    private bool _endsAtOnce;
    private string _lastActivity = "started";
    private long _rateWaits;
    private long _rateWaitEnded;
    private long _ownLimits;

    /// <summary>The case.</summary>
    public required TestCase Case { get; init; }

    /// <summary>The case's id; the only seed of anything random.</summary>
    public required string CaseId { get; init; }

    /// <summary>The attempt's number; grows over sessions.</summary>
    public required int Attempt { get; init; }

    /// <summary>
    /// 1 plus the attempts of this case that ended with a cause and were retried. Unlike <see cref="Attempt"/> it does
    /// not count attempts that a kill or a stop cut off, so that a case behaves the same after a resume.
    /// </summary>
    public required int Try { get; init; }

    /// <summary>The limits of this attempt.</summary>
    public required AttemptLimits Limits { get; init; }

    /// <summary>The clock of the batch.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The text the case shares with others (a tool registry, say); null when there is none.</summary>
    public string? SharedText { get; init; }

    /// <summary>The timestamp (of <see cref="Time"/>) of the last work done; read by the conductor against the stall window.</summary>
    internal long LastProgress => WaitsForRate || Interlocked.Read(ref _ownLimits) > 0 ? Time.GetTimestamp() : Math.Max(Volatile.Read(ref _lastProgress), Volatile.Read(ref _rateWaitEnded));

    /// <summary>True while it waits for the right to send a request: the stall clock stands still.</summary>
    internal bool WaitsForRate => Interlocked.Read(ref _rateWaits) > 0;

    /// <summary>True when its cancellation leaves no time to clean up: the machine is short of memory.</summary>
    internal bool EndsAtOnce { get => Volatile.Read(ref _endsAtOnce); set => Volatile.Write(ref _endsAtOnce, value); }

    /// <summary>What was done last, in a few words.</summary>
    internal string LastActivity => Volatile.Read(ref _lastActivity);

    /// <summary>When the attempt's clocks started because something had to be made ready first; now while they are held; 0: they were not held.</summary>
    internal long ClockStart => Volatile.Read(ref _heldSince) is not 0 and var since
        ? Math.Min(Time.GetTimestamp(), since + (long)(LongestHold.TotalSeconds * Time.TimestampFrequency)) : Volatile.Read(ref _clockStart);

    /// <summary>
    /// Holds the attempt's clocks until <see cref="StartClock"/> while what runs it is made ready (a worker process): that time
    /// is not the test's. Whoever holds them has a limit of his own; they go on by themselves after two minutes.
    /// </summary>
    internal void HoldClock() => Volatile.Write(ref _heldSince, Time.GetTimestamp());

    /// <summary>The attempt begins.</summary>
    internal void StartClock()
    {
        Volatile.Write(ref _clockStart, Time.GetTimestamp());
        Volatile.Write(ref _heldSince, 0);
    }

    /// <summary>
    /// Says that the attempt waits for the right to send a request, until the result is disposed of. That is the user's limit
    /// or the provider's, not the test's: the stall clock stands still meanwhile, and a test whose time ends in it ended by
    /// <see cref="Causes.RateWait"/>.
    /// </summary>
    public IDisposable WaitForRate()
    {
        Interlocked.Increment(ref _rateWaits);
        return new RateWait(this);
    }

    /// <summary>
    /// Says that something runs under a limit of its own, until the result is disposed of: code of the test that judges a reply,
    /// whose stall would be the test's fault and not the endpoint's. The stall clock stands still meanwhile.
    /// </summary>
    internal IDisposable KeepOwnLimit()
    {
        Interlocked.Increment(ref _ownLimits);
        return new OwnLimit(this);
    }

    /// <summary>Says that work was done (bytes of a reply, a turn, a line of output). Not a heartbeat. Cheap, from any thread.</summary>
    /// <param name="activity">A few words for the message of a timeout, <c>turn 3 answered</c>.</param>
    public void ReportProgress(string activity)
    {
        Volatile.Write(ref _lastActivity, activity);
        Volatile.Write(ref _lastProgress, Time.GetTimestamp());
    }

    private sealed class OwnLimit(AttemptContext context) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                context.ReportProgress(context.LastActivity);
                Interlocked.Decrement(ref context._ownLimits);
            }
        }
    }

    private sealed class RateWait(AttemptContext context) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                Volatile.Write(ref context._rateWaitEnded, context.Time.GetTimestamp());
                Interlocked.Decrement(ref context._rateWaits);
            }
        }
    }
}

/// <summary>The rungs of the ladder for one attempt.</summary>
/// <param name="Request">Per model request.</param>
/// <param name="Stall">Without progress.</param>
/// <param name="Test">The whole attempt.</param>
public sealed record AttemptLimits(TimeSpan Request, TimeSpan Stall, TimeSpan Test);
