using System.Globalization;

namespace PSRunner.Engine.Scheduling;

/// <summary>
/// The ladder of limits: request &lt; stall &lt;= test &lt; batch. Rungs the user gave stand as they are and are checked
/// against each other; the others fit themselves between them.
/// </summary>
internal static class LimitLadder
{
    private const double DefaultStall = 300;
    private const double DefaultRequest = 120;
    private const double RequestShareOfStall = 0.8;
    private const double LongestDerivedBatch = 24 * 3600;
    private const double LongestGiven = 366 * 24 * 3600.0;
    private const int ModelThrottle = 20;
    private const int HighestThrottle = 10_000;

    /// <summary>Resolves what was asked and what the plan is into the limits of a session.</summary>
    /// <exception cref="TestBatchException">
    /// <c>LimitsDoNotFit</c>: two given rungs contradict. <c>LimitOutOfRange</c>: a value is 0, negative, not finite or absurd.
    /// </exception>
    public static BatchLimits Resolve(BatchOptions options, PlanFacts plan)
    {
        var given = new GivenRungs(
            InRange(options.RequestTimeoutSeconds, nameof(options.RequestTimeoutSeconds)),
            InRange(options.StallTimeoutSeconds, nameof(options.StallTimeoutSeconds)),
            InRange(options.TestTimeoutSeconds, nameof(options.TestTimeoutSeconds)),
            InRange(options.BatchTimeoutSeconds, nameof(options.BatchTimeoutSeconds)));
        var grace = InRange(options.GracePeriodSeconds, nameof(options.GracePeriodSeconds))!.Value;
        var shutdown = InRange(options.ShutdownSeconds, nameof(options.ShutdownSeconds))!.Value;
        var throttle = InRange(options.ThrottleLimit, nameof(options.ThrottleLimit), 1, HighestThrottle)
            ?? (plan.AllJudgeModels ? ModelThrottle : Environment.ProcessorCount);
        var retries = InRange(options.RetryCount, nameof(options.RetryCount), 0, 100)!.Value;
        CheckEachAgainstTheLonger(given);

        var test = given.Test ?? FitTest(given, plan.DefaultTestSeconds);
        var stall = FitStall(given, test);
        var longest = Math.Max(test, plan.LongestOwnSeconds);
        var lanes = LaneLimits.Resolve(options.ResourceLimit, plan.Lanes);
        return new BatchLimits
        {
            Throttle = throttle,
            Lanes = lanes,
            Test = TimeSpan.FromSeconds(test),
            Stall = TimeSpan.FromSeconds(stall),
            Request = TimeSpan.FromSeconds(FitRequest(given, stall)),
            Batch = TimeSpan.FromSeconds(given.Batch ?? Math.Min(
                BoundOf(Rounds(plan.Count, throttle) + LaneRounds(plan.Lanes, lanes), Math.Max(retries, plan.HighestOwnRetryCount), longest + grace, plan), LongestDerivedBatch)),
            Grace = TimeSpan.FromSeconds(grace),
            Shutdown = TimeSpan.FromSeconds(shutdown),
            RetryCount = retries,
            MaxFailures = InRange(options.MaxFailures, nameof(options.MaxFailures), 1, int.MaxValue),
            LongestTest = TimeSpan.FromSeconds(longest),
            Given = given,
        };
    }

    /// <summary>The stall window under a test limit, in seconds. Nothing above the test limit could act.</summary>
    public static double FitStall(GivenRungs given, double test) =>
        Math.Min(given.Stall ?? Math.Max(DefaultStall, (given.Request ?? 0) / RequestShareOfStall), test);

    /// <summary>The request limit under a stall window, in seconds.</summary>
    public static double FitRequest(GivenRungs given, double stall) =>
        given.Request is { } request ? Math.Min(request, stall) : Math.Min(DefaultRequest, RequestShareOfStall * stall);

    // The default, lifted over what was given below it and lowered under what was given above it.
    private static double FitTest(GivenRungs given, double preset)
    {
        var above = Math.Max(preset, Math.Max(given.Stall ?? 0, (given.Request ?? 0) / RequestShareOfStall));
        return Math.Min(above, given.Batch ?? above);
    }

    // What no batch takes longer than: each try is made ready, and runs, for as long as it may. Between its tries a case holds
    // up no other, until a multiple of the throttle wait.
    private static double BoundOf(double rounds, int retries, double tryAtMost, PlanFacts plan) =>
        (rounds * (1 + retries) * (plan.ReadySeconds + tryAtMost))
        + (retries * Backoff.Longest(retries, plan.AnyJudgesModel).TotalSeconds * (1 + Math.Floor(rounds / Scheduler.RetriesForEachSlot)));

    // Every case uses all its tries, in rounds of `throttle`.
    private static double Rounds(int count, int throttle) => Math.Max(1, Math.Ceiling(count / (double)throttle));

    // And when all other slots have nothing left, the most crowded resource may still have all its rounds before it.
    private static double LaneRounds(IReadOnlyDictionary<string, int>? cases, IReadOnlyDictionary<string, int> limits) =>
        limits.Select(l => Math.Ceiling((cases?.GetValueOrDefault(l.Key) ?? 0) / (double)l.Value)).DefaultIfEmpty(0).Max();

    private static void CheckEachAgainstTheLonger(GivenRungs given)
    {
        (string Name, double? Seconds)[] rungs =
        [
            ("RequestTimeoutSeconds", given.Request), ("StallTimeoutSeconds", given.Stall),
            ("TestTimeoutSeconds", given.Test), ("BatchTimeoutSeconds", given.Batch),
        ];
        for (var lower = 0; lower < rungs.Length; lower++)
        {
            for (var upper = lower + 1; upper < rungs.Length; upper++)
            {
                if (rungs[lower].Seconds > rungs[upper].Seconds)
                {
                    throw new TestBatchException(
                        "LimitsDoNotFit",
                        ErrorKind.InvalidArgument,
                        string.Create(CultureInfo.InvariantCulture, $"The limits do not fit: -{rungs[lower].Name} {rungs[lower].Seconds} is longer than -{rungs[upper].Name} {rungs[upper].Seconds}, so the longer one could never act. Change one of the two; limits you leave out fit themselves."),
                        rungs[lower].Seconds);
                }
            }
        }
    }

    private static double? InRange(double? seconds, string name) =>
        seconds is null or (> 0 and <= LongestGiven)
            ? seconds
            : throw OutOfRange(name, seconds, $"more than 0 and at most {LongestGiven} seconds (a year)");

    private static int? InRange(int? value, string name, int least, int most) =>
        value is null || (value >= least && value <= most) ? value : throw OutOfRange(name, value, $"{least} to {most}");

    private static TestBatchException OutOfRange(string name, object value, string range) => new(
        "LimitOutOfRange",
        ErrorKind.InvalidArgument,
        string.Create(CultureInfo.InvariantCulture, $"-{name} {value} is out of range. Give {range}."),
        value);
}
