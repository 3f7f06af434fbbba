using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>One attempt: made by the conductor, run on a thread of the pool, ended by an event back to the conductor.</summary>
/// <param name="runner">What all attempts of a session share.</param>
/// <param name="token">Its name.</param>
/// <param name="index">The case.</param>
/// <param name="number">The attempt's number.</param>
/// <param name="tryNumber">See <see cref="AttemptContext.Try"/>.</param>
internal sealed class RunningAttempt(AttemptRunner runner, AttemptToken token, int index, int number, int tryNumber) : IThreadPoolWorkItem
{
    private AttemptContext? _context;
    private AttemptReport? _report;

    public AttemptToken Token => token;

    public int Index => index;

    public int Number => number;

    public int Try => tryNumber;

    /// <summary>Never disposed: it holds no timer and no handle, and the conductor may cancel while the attempt ends.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>Its limits; set at dispatch.</summary>
    public AttemptLimits? Limits { get; private set; }

    /// <summary>When it was dispatched, UTC.</summary>
    public DateTime StartedAt { get; private set; }

    /// <summary>The timestamp of its dispatch; 0 before.</summary>
    public long DispatchedAt { get; private set; }

    /// <summary>The timestamp of its end, once it has a report.</summary>
    public long EndedAt { get; private set; }

    /// <summary>The case and its life signs; null until a thread of the pool took it up.</summary>
    public AttemptContext? Context => Volatile.Read(ref _context);

    /// <summary>What the executor said; null while it runs. Read after the Ended event.</summary>
    public AttemptReport? Report => Volatile.Read(ref _report);

    /// <summary>The timestamp of the last work done.</summary>
    public long LastProgress => Math.Max(DispatchedAt, Context?.LastProgress ?? 0);

    /// <summary>What was done last, in a few words.</summary>
    public string LastActivity => Context?.LastActivity ?? "waiting for a free thread";

    /// <summary>Starts the clock and hands the attempt to the pool.</summary>
    public void Dispatch(AttemptLimits limits)
    {
        Limits = limits;
        StartedAt = runner.Time.GetUtcNow().UtcDateTime;
        DispatchedAt = runner.Time.GetTimestamp();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    public void Execute() => _ = runner.RunAsync(this); // Ends by an event, whatever happens: RunAsync lets no exception out.

    /// <summary>The case is there and the executor may begin.</summary>
    public void TakeUp(AttemptContext context) => Volatile.Write(ref _context, context);

    /// <summary>The executor is done.</summary>
    public void End(AttemptReport report)
    {
        EndedAt = runner.Time.GetTimestamp();
        Volatile.Write(ref _report, report);
    }
}
