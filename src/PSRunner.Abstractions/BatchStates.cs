namespace PSRunner;

/// <summary>The words for the state of a batch. All but Completed can be resumed.</summary>
public static class BatchStates
{
    /// <summary>A process works on it.</summary>
    public const string Running = "Running";

    /// <summary>Paused on request; ends as Stopped after 24 h.</summary>
    public const string Suspended = "Suspended";

    /// <summary>Every planned case has its result.</summary>
    public const string Completed = "Completed";

    /// <summary>Ended on request, by MaxFailures, or because what is left cannot run.</summary>
    public const string Stopped = "Stopped";

    /// <summary>The batch's time was up.</summary>
    public const string DeadlineReached = "DeadlineReached";

    /// <summary>The batch's requests, tokens or money were used up.</summary>
    public const string BudgetReached = "BudgetReached";

    /// <summary>Nothing ended for too long; the message names the gate.</summary>
    public const string Stalled = "Stalled";

    /// <summary>Its process is gone without having closed it.</summary>
    public const string Lost = "Lost";

    /// <summary>All states.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Running, Suspended, Completed, Stopped, DeadlineReached, BudgetReached, Stalled, Lost];
}
