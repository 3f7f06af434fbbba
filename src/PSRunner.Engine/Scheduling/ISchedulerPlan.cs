namespace PSRunner.Engine.Scheduling;

/// <summary>What the scheduler sees of a frozen plan: numbers only. All members are cheap and never fail for a valid index.</summary>
internal interface ISchedulerPlan
{
    /// <summary>Cases in the plan.</summary>
    int Count { get; }

    /// <summary>Lanes in the plan; numbered from 0.</summary>
    int LaneCount { get; }

    /// <summary>The lane's name for messages; empty for the cases that compete for nothing.</summary>
    string LaneName(int lane);

    /// <summary>The first case of a lane; -1 when it has none.</summary>
    int FirstOfLane(int lane);

    /// <summary>The next case of the same lane in the plan's order; -1 after the last.</summary>
    int NextInLane(int index);

    /// <summary>The lane of a case.</summary>
    int LaneOf(int index);

    /// <summary>The case's own test limit; null: the batch's.</summary>
    TimeSpan? TestTimeout(int index);

    /// <summary>The case's own retry count; null: the batch's.</summary>
    int? RetryCount(int index);

    /// <summary>True when the case talks to a model endpoint.</summary>
    bool JudgesModel(int index);

    /// <summary>True when the case runs the user's code inside this process.</summary>
    bool CanCrashHost(int index);
}
