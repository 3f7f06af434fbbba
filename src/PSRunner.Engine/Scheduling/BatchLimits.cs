using System.Collections.Frozen;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Scheduling;

/// <summary>The limits of one session, resolved by <see cref="LimitLadder"/>: every rung has a value and they fit each other.</summary>
public sealed record BatchLimits
{
    /// <summary>Attempts running at once.</summary>
    public required int Throttle { get; init; }

    /// <summary>Attempts of a lane running at once, for the lanes that have a limit of their own; names in any case.</summary>
    public IReadOnlyDictionary<string, int> Lanes { get; init; } = FrozenDictionary<string, int>.Empty;

    /// <summary>The whole attempt.</summary>
    public required TimeSpan Test { get; init; }

    /// <summary>An attempt without progress.</summary>
    public required TimeSpan Stall { get; init; }

    /// <summary>One model request.</summary>
    public required TimeSpan Request { get; init; }

    /// <summary>One session, suspended time excluded.</summary>
    public required TimeSpan Batch { get; init; }

    /// <summary>Between asking an attempt to end and giving it up.</summary>
    public required TimeSpan Grace { get; init; }

    /// <summary>Closing the batch after the last attempt ended.</summary>
    public required TimeSpan Shutdown { get; init; }

    /// <summary>Retries of a case that does not bring its own count.</summary>
    public required int RetryCount { get; init; }

    /// <summary>Results of this session, neither passed nor skipped, after which the batch stops; null: no limit.</summary>
    public int? MaxFailures { get; init; }

    /// <summary>The longest test limit of any case: what "nothing ended for too long" is measured by.</summary>
    public required TimeSpan LongestTest { get; init; }

    /// <summary>The rungs the user gave, in seconds; what a case with an own limit is fitted from.</summary>
    internal GivenRungs Given { get; init; } = new(null, null, null, null);

    /// <summary>The limits of an attempt of a case that brings none of its own.</summary>
    internal AttemptLimits ForAttempt() => new(Request, Stall, Test);

    /// <summary>The limits of an attempt of a case with its own test limit: the rungs below fit themselves.</summary>
    internal AttemptLimits ForAttempt(TimeSpan testTimeout)
    {
        var stall = LimitLadder.FitStall(Given, testTimeout.TotalSeconds);
        var request = LimitLadder.FitRequest(Given, stall);
        return new AttemptLimits(TimeSpan.FromSeconds(request), TimeSpan.FromSeconds(stall), testTimeout);
    }
}

/// <summary>The rungs a user gave, in seconds; null where nothing was said.</summary>
internal sealed record GivenRungs(double? Request, double? Stall, double? Test, double? Batch);

/// <summary>What the ladder must know of a plan.</summary>
/// <param name="Count">Cases to run.</param>
/// <param name="AllJudgeModels">True when every case waits for a model, so that many can wait at once.</param>
/// <param name="DefaultTestSeconds">The longest default of the executors that the plan uses.</param>
/// <param name="LongestOwnSeconds">The longest limit that a case brings; 0 when none does.</param>
/// <param name="HighestOwnRetryCount">The highest retry count that a case brings; 0 when none does.</param>
/// <param name="Lanes">Cases by lane; null: not known yet.</param>
internal sealed record PlanFacts(
    int Count, bool AllJudgeModels, double DefaultTestSeconds, double LongestOwnSeconds = 0, int HighestOwnRetryCount = 0,
    IReadOnlyDictionary<string, int>? Lanes = null)
{
    /// <summary>True when a case waits for a model, whose provider may say how long to wait before the next try.</summary>
    public bool AnyJudgesModel { get; init; } = AllJudgeModels;

    /// <summary>Seconds that it may take to make ready what runs an attempt (<see cref="ITestExecutor.ReadySeconds"/>).</summary>
    public double ReadySeconds { get; init; }

    /// <summary>What a plan says by itself and by the executors that it uses.</summary>
    public static PlanFacts Of(
        int count, IReadOnlyCollection<ITestExecutor> executors, double longestOwnSeconds, int highestOwnRetryCount, IReadOnlyDictionary<string, int> lanes) => new(
            count,
            executors.Count > 0 && executors.All(e => e.JudgesModel),
            executors.Select(e => e.DefaultTestTimeoutSeconds).DefaultIfEmpty(600).Max(),
            longestOwnSeconds,
            highestOwnRetryCount,
            lanes)
        {
            AnyJudgesModel = executors.Any(e => e.JudgesModel),
            ReadySeconds = executors.Select(e => e.ReadySeconds).DefaultIfEmpty(0).Max(),
        };
}
