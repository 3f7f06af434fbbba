namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>A fault put between the scheduler and its world, to show that the simulation would see it.</summary>
internal enum Sabotage
{
    None,
    ThrottleOneTooHigh,
    LaneLimitNotKept,
    GraceTooLong,
    TestLimitTooLong,
    BatchLimitTooLong,
    OneRetryTooMany,
    SuspensionNotHeard,
    GateNotHeard,
    WrittenTooEarly,
    DurableTooEarly,
    FinishTwice,
    FinishLost,
    FinishedForgotten,
    AttemptsForgotten,
    SuspectsForgotten,
    ProgressNotHeard,
    DeadlinesNotKept,
    LateResultBelieved,
    ClockJumpNotHeard,
    AllowanceNotHeard,
    LaneStopNotHeard,
    RateWaitNotHeard,
}
