using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Scheduling;

/// <summary>What can happen to a scheduler.</summary>
internal abstract record SchedulerEvent
{
    private SchedulerEvent()
    {
    }

    /// <summary>The session begins; before it only lanes are steered.</summary>
    internal sealed record Begin : SchedulerEvent;

    /// <summary>Time went by: deadlines are looked at, after all that happened before them.</summary>
    internal sealed record Tick : SchedulerEvent
    {
        public static readonly Tick Instance = new();
    }

    /// <summary>The record of a start that <see cref="SchedulerAction.Start.MustBeWritten"/> asked for is in the file.</summary>
    internal sealed record StartWritten(AttemptToken Token) : SchedulerEvent;

    /// <summary>The executor returned.</summary>
    /// <param name="Token">The attempt.</param>
    /// <param name="Cause">A word of <see cref="Causes"/>; null: nothing was done, and the case stays pending for a later session.</param>
    /// <param name="RetryAfter">What the provider asked for.</param>
    internal sealed record Ended(AttemptToken Token, string? Cause, TimeSpan? RetryAfter = null) : SchedulerEvent;

    /// <summary>The answer to <see cref="SchedulerAction.AskProgress"/>.</summary>
    /// <param name="Token">The attempt.</param>
    /// <param name="Begun">When a thread took it up; null: it still waits for one.</param>
    /// <param name="At">When work was last done.</param>
    /// <param name="WaitsForRate">True when it waits for the right to send a request.</param>
    internal sealed record Progress(AttemptToken Token, TimeSpan? Begun, TimeSpan At, bool WaitsForRate = false) : SchedulerEvent;

    /// <summary>This many terminal records reached the disk.</summary>
    internal sealed record ResultsDurable(int Count) : SchedulerEvent;

    /// <summary>This many durable results were taken by the reader of the results.</summary>
    internal sealed record ResultsConsumed(int Count) : SchedulerEvent;

    /// <summary>A gate opened or closed, for one lane or (-1) for all.</summary>
    internal sealed record GateMoved(Gate Gate, bool Closed, int Lane = -1) : SchedulerEvent;

    /// <summary>The machine is about to run out of memory: the youngest attempts that have processes of their own shall end.</summary>
    /// <param name="Youngest">How many of them; more than one where memory in use rises in spite of those that were ended before.</param>
    internal sealed record MemoryShort(int Youngest = 1) : SchedulerEvent;

    /// <summary>So many cases of a lane may run at once.</summary>
    internal sealed record LaneAllowed(int Lane, int Attempts) : SchedulerEvent;

    /// <summary>No case of a lane can run in this session.</summary>
    internal sealed record LaneStopped(int Lane, string Why) : SchedulerEvent;

    /// <summary>Cases that have no lane of their own withdraw when their turn comes (<see cref="CasePostponedException"/>); the words say why.</summary>
    internal sealed record CasesPostponed(string Why) : SchedulerEvent;

    /// <summary>Another number of attempts may run at once.</summary>
    internal sealed record ThrottleSet(int Limit) : SchedulerEvent;

    /// <summary>No new starts until <see cref="Resume"/>.</summary>
    internal sealed record Suspend : SchedulerEvent;

    /// <summary>Goes on after <see cref="Suspend"/>.</summary>
    internal sealed record Resume : SchedulerEvent;

    /// <summary>The batch shall end early: cancel, grace, end.</summary>
    /// <param name="State">One of <see cref="BatchStates"/>.</param>
    /// <param name="Message">Why, in words.</param>
    /// <param name="Force">True: no grace, also when it is ending already.</param>
    internal sealed record EndRequested(string State, string Message, bool Force = false) : SchedulerEvent;

    /// <summary>The machine slept or the process was stopped: all deadlines move by the gap.</summary>
    internal sealed record ClockJumped(TimeSpan Gap) : SchedulerEvent;
}
