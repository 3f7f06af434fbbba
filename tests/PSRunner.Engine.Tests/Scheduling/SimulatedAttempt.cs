using PSRunner.Engine.Execution;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>What the simulation knows of an attempt, by watching.</summary>
internal sealed class SimulatedAttempt(SchedulerAction.Start start)
{
    public SchedulerAction.Start Start { get; } = start;

    public AttemptToken Token { get; } = start.Token;

    public int Index { get; } = start.Index;

    public AttemptLimits? Limits { get; set; }

    public TimeSpan DispatchedAt { get; set; }

    /// <summary>When a thread took it up.</summary>
    public TimeSpan? BegunAt { get; set; }

    public TimeSpan? BegunOnClock { get; set; }

    public TimeSpan LastProgress { get; set; }

    /// <summary>The same on the clock that jumps.</summary>
    public TimeSpan LastProgressOnClock { get; set; }

    /// <summary>It waits for the right to send a request, and never gets it.</summary>
    public bool WaitsForRate { get; set; }

    public bool Evicted { get; set; }

    public TimeSpan? CanceledAt { get; set; }

    public bool Returned { get; set; }

    public string? Reported { get; set; }

    public TimeSpan? RetryAfter { get; set; }

    public bool Written { get; set; }
}

internal sealed class InvariantBroken(string message) : Exception(message);
