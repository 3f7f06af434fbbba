using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>What a conductor needs for one session of a batch.</summary>
internal sealed record Session
{
    /// <summary>The frozen plan, as numbers.</summary>
    public required ISchedulerPlan Plan { get; init; }

    /// <summary>The frozen plan, as cases.</summary>
    public required ICaseSource Cases { get; init; }

    /// <summary>The executors by kind.</summary>
    public required IReadOnlyDictionary<string, ITestExecutor> Executors { get; init; }

    /// <summary>The limits of this session.</summary>
    public required BatchLimits Limits { get; init; }

    /// <summary>What earlier sessions left.</summary>
    public RecoveredState Recovered { get; init; } = new();

    /// <summary>Where records go.</summary>
    public required IJournal Journal { get; init; }

    /// <summary>Makes results.</summary>
    public required ResultFactory Results { get; init; }

    /// <summary>Whose artifacts are kept.</summary>
    public ArtifactRule KeepArtifact { get; init; } = ArtifactRule.All;

    /// <summary>A score without a verdict passes from here on.</summary>
    public double PassScore { get; init; } = 0.5;

    /// <summary>The batch's clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Hears what the user should be told (a stopped lane, a jump of the clock). From any thread; must be quick and must not throw.</summary>
    public Action<string> Note { get; init; } = static _ => { };
}
