using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Scheduling;

/// <summary>What a scheduler wants done, in this order.</summary>
internal abstract record SchedulerAction
{
    private SchedulerAction()
    {
    }

    /// <summary>Record that an attempt begins. <see cref="Dispatch"/> follows, at once or when the record is written.</summary>
    /// <param name="Token">The attempt from now on.</param>
    /// <param name="Index">The case.</param>
    /// <param name="Attempt">Its number, from 1; grows over sessions.</param>
    /// <param name="Try">1 plus the attempts that ended with a cause and were retried.</param>
    /// <param name="MustBeWritten">True when <see cref="SchedulerEvent.StartWritten"/> is awaited: its code could take this process down.</param>
    internal sealed record Start(AttemptToken Token, int Index, int Attempt, int Try, bool MustBeWritten) : SchedulerAction;

    /// <summary>Run it. Its clock starts when a thread takes it up.</summary>
    internal sealed record Dispatch(AttemptToken Token, AttemptLimits Limits) : SchedulerAction;

    /// <summary>Look whether the attempt has begun and when it last did work, and say so (<see cref="SchedulerEvent.Progress"/>) at once.</summary>
    internal sealed record AskProgress(AttemptToken Token) : SchedulerAction;

    /// <summary>Signal the attempt's cancellation; one that no thread took up yet ends at once.</summary>
    /// <param name="Token">The attempt.</param>
    /// <param name="AtOnce">True: what can be ended by force gets no time to clean up.</param>
    internal sealed record Cancel(AttemptToken Token, bool AtOnce = false) : SchedulerAction;

    /// <summary>Write the case's terminal record. The slot is free.</summary>
    /// <param name="Token">The attempt.</param>
    /// <param name="Cause">The cause that counts, whatever the executor said.</param>
    /// <param name="ReachedLimit">True when the cause is a limit that was reached here.</param>
    /// <param name="Abandoned">True when the attempt's code still runs: nothing it says later counts.</param>
    internal sealed record Finish(AttemptToken Token, string Cause, bool ReachedLimit, bool Abandoned) : SchedulerAction;

    /// <summary>Write the terminal record of a case whose last attempt died with an earlier session's process.</summary>
    internal sealed record FinishCrashed(int Index, int Attempt) : SchedulerAction;

    /// <summary>Write that an attempt ended and its case did not. The slot is free.</summary>
    /// <param name="Token">The attempt.</param>
    /// <param name="Cause">Why it is tried again; null: canceled because the batch ends or memory ran short, counts as nothing.</param>
    /// <param name="Retries">The case's retries from now on.</param>
    /// <param name="Crashes">Workers the case took down so far.</param>
    /// <param name="RetryIn">When it is tried again in this session; null: not in this session.</param>
    /// <param name="ReachedLimit">True when the cause is a limit that was reached here.</param>
    /// <param name="Abandoned">True when the attempt's code still runs.</param>
    internal sealed record EndAttempt(
        AttemptToken Token, string? Cause, int Retries, int Crashes, TimeSpan? RetryIn, bool ReachedLimit, bool Abandoned) : SchedulerAction;

    /// <summary>Something the user should be told and the journal should keep.</summary>
    internal sealed record Note(string Text) : SchedulerAction;

    /// <summary>A command from another shell changed what the batch is: suspended or not, how many at once. Its sender waits to see it.</summary>
    internal sealed record StateChanged(string State) : SchedulerAction;

    /// <summary>The session is over; the last action.</summary>
    internal sealed record End(string State, string Message) : SchedulerAction;
}
