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
    private int _stage;
    private long _begunAt;

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

    /// <summary>The timestamp at which a thread of the pool took it up; null: it waits for one, because tests block the others.</summary>
    public long? BegunAt => Volatile.Read(ref _begunAt) is not 0 and var begun ? Math.Max(begun, Context?.ClockStart ?? 0) : null;

    /// <summary>The timestamp from which its duration counts.</summary>
    public long ClockStartedAt => Math.Max(DispatchedAt, Context?.ClockStart ?? 0);

    /// <summary>The timestamp of its end, once it has a report.</summary>
    public long EndedAt { get; private set; }

    /// <summary>The case and its life signs; null until a thread of the pool took it up.</summary>
    public AttemptContext? Context => Volatile.Read(ref _context);

    /// <summary>What the executor said; null while it runs. Read after the Ended event.</summary>
    public AttemptReport? Report => Volatile.Read(ref _report);

    /// <summary>The timestamp of the last work done.</summary>
    public long LastProgress => Math.Max(DispatchedAt, Context?.LastProgress ?? 0);

    /// <summary>What was done last, in a few words.</summary>
    public string LastActivity => Context?.LastActivity ?? "none";

    /// <summary>Starts the clock and hands the attempt to the pool.</summary>
    public void Dispatch(AttemptLimits limits)
    {
        Limits = limits;
        StartedAt = runner.Time.GetUtcNow().UtcDateTime;
        DispatchedAt = runner.Time.GetTimestamp();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    public void Execute()
    {
        if (Interlocked.CompareExchange(ref _stage, Stage.Begun, Stage.Queued) == Stage.Queued)
        {
            Volatile.Write(ref _begunAt, runner.Time.GetTimestamp());
            _ = runner.RunAsync(this); // Ends by an event, whatever happens: RunAsync lets no exception out.
        }
    }

    /// <summary>Takes it back from the pool's queue.</summary>
    /// <returns>True when no thread took it up: it will never run.</returns>
    public bool TryWithdraw()
    {
        if (Interlocked.CompareExchange(ref _stage, Stage.Withdrawn, Stage.Queued) != Stage.Queued)
        {
            return false;
        }

        End(new AttemptReport { Cause = Causes.NotStarted, Message = "No thread took it up." });
        return true;
    }

    /// <summary>The case is there and the executor may begin.</summary>
    public void TakeUp(AttemptContext context) => Volatile.Write(ref _context, context);

    /// <summary>The executor is done.</summary>
    public void End(AttemptReport report)
    {
        EndedAt = runner.Time.GetTimestamp();
        Volatile.Write(ref _report, report);
    }

    private static class Stage
    {
        public const int Queued = 0;
        public const int Begun = 1;
        public const int Withdrawn = 2;
    }
}
