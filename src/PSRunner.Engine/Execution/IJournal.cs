using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>Where the conductor's records go, in this order. Takes a record and returns at once: it never blocks and never does I/O here.</summary>
/// <remarks>
/// What became of the records comes back as events to <see cref="Conductor.Post"/>: StartWritten, ResultsDurable, and
/// GateMoved when the disk refuses or recovered.
/// </remarks>
internal interface IJournal
{
    /// <summary>An attempt begins.</summary>
    /// <param name="token">The attempt, for <see cref="SchedulerEvent.StartWritten"/>.</param>
    /// <param name="index">The case.</param>
    /// <param name="attempt">The attempt's number.</param>
    /// <param name="tellWhenWritten">True when the conductor waits for <see cref="SchedulerEvent.StartWritten"/>.</param>
    void Started(AttemptToken token, int index, int attempt, bool tellWhenWritten);

    /// <summary>An attempt ended with a cause and its case is to be tried again, in this session or the next.</summary>
    void AttemptEnded(int index, int attempt, string cause, string message, double seconds);

    /// <summary>An attempt was cut off by the end of the session; it counts as nothing.</summary>
    void Canceled(int index, int attempt);

    /// <summary>A case ended.</summary>
    void Ended(TestResult result, IReadOnlyList<Artifact> artifacts);
}
