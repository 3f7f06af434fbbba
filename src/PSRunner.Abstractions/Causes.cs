using System.Collections.Frozen;

namespace PSRunner;

/// <summary>How the engine treats an attempt that ended with a cause.</summary>
public enum RetryRule
{
    /// <summary>The attempt is the last one.</summary>
    Never,

    /// <summary>Tried again up to RetryCount times, with backoff.</summary>
    UpToRetryCount,

    /// <summary>Tried again once, whatever RetryCount says.</summary>
    Once,
}

/// <summary>One row of the table of causes: what a cause means for the outcome, the blame, the retry and the score.</summary>
/// <param name="Name">The word, at most 14 characters so that no table cuts it.</param>
/// <param name="Outcome">One of <see cref="Outcomes"/>.</param>
/// <param name="Domain">One of <see cref="FaultDomains"/>, for a case that judges no model.</param>
/// <param name="ModelDomain">The same, for a case that talks to a model endpoint.</param>
/// <param name="Retry">Whether the engine tries again.</param>
/// <param name="Scored">True when the result may enter a success rate.</param>
/// <param name="StopsLane">True when every other case of the lane would end the same way, so the lane stops at once.</param>
/// <param name="Meaning">One sentence for help and documents.</param>
public sealed record CauseRow(
    string Name,
    string Outcome,
    string Domain,
    string ModelDomain,
    RetryRule Retry,
    bool Scored,
    bool StopsLane,
    string Meaning);

/// <summary>The table of causes: the only place that says what a cause means.</summary>
public static class Causes
{
#pragma warning disable CS1591 // Each constant is explained by its row in Table.
    public const string None = "";
    public const string Assertion = "assertion";
    public const string WrongAnswer = "wrong-answer";
    public const string Incomplete = "incomplete";
    public const string TurnLimit = "turn-limit";
    public const string ExitCode = "exit-code";
    public const string ParseGap = "parse-gap";
    public const string Exception = "exception";
    public const string ErrorStream = "error-stream";
    public const string TestTimeout = "test-timeout";
    public const string Stall = "stall";
    public const string NoReply = "no-reply";
    public const string RateWait = "rate-wait";
    public const string Throttled = "throttled";
    public const string ServerError = "server-error";
    public const string Connection = "connection";
    public const string EmptyReply = "empty-reply";
    public const string GarbageReply = "garbage-reply";
    public const string Auth = "auth";
    public const string Quota = "quota";
    public const string Refused = "refused";
    public const string BadRequest = "bad-request";
    public const string WorkerCrash = "worker-crash";
    public const string HostCrash = "host-crash";
    public const string MemoryLimit = "memory-limit";
    public const string NotStarted = "not-started";
    public const string Lost = "lost";
    public const string NotApplicable = "not-applicable";
    public const string Excluded = "excluded";
#pragma warning restore CS1591

    /// <summary>All rows; the first is the empty cause of a passed case.</summary>
    public static IReadOnlyList<CauseRow> Table { get; } =
    [
        new(None, Outcomes.Passed, "", "", RetryRule.Never, true, false, "The test passed."),

        Judged(Assertion, "An assertion of the test failed."),
        Judged(WrongAnswer, "The answer was complete and wrong."),
        Judged(Incomplete, "The work was left unfinished although turns were left."),
        Judged(TurnLimit, "All turns were used before the work was done."),
        Judged(ExitCode, "The command ended with a code other than 0."),
        new(ParseGap, Outcomes.Failed, FaultDomains.Model, FaultDomains.Model, RetryRule.Never, true, false,
            "The reply could not be read even by the tolerant parser; counted apart."),

        OfTest(Exception, Outcomes.Errored, "The test threw."),
        OfTest(ErrorStream, Outcomes.Errored, "The test wrote errors and gave no verdict."),
        OfTest(TestTimeout, Outcomes.TimedOut, "The test took longer than its limit."),
        new(Stall, Outcomes.TimedOut, FaultDomains.Test, FaultDomains.Provider, RetryRule.UpToRetryCount, false, false,
            "No work was done for the stall window."),

        OfProvider(NoReply, Outcomes.TimedOut, "A request was not answered within the request limit."),
        OfProvider(RateWait, Outcomes.TimedOut, "The rate limit left no room within the test's time."),
        OfProvider(Throttled, Outcomes.Errored, "The provider refused for load (429 and its kin)."),
        OfProvider(ServerError, Outcomes.Errored, "The provider failed (5xx)."),
        OfProvider(Connection, Outcomes.Errored, "The connection could not be made or broke."),
        OfProvider(EmptyReply, Outcomes.Errored, "The provider answered with nothing."),
        OfProvider(GarbageReply, Outcomes.Errored, "The provider answered with something that is no reply."),

        StopsItsLane(Auth, "The key is missing, wrong or revoked."),
        StopsItsLane(Quota, "The quota or spend limit of the key is used up."),
        OfOneRequest(Refused, "The provider refuses this prompt (a content filter, say)."),
        OfOneRequest(BadRequest, "The provider does not take this request (a prompt that is too long, say)."),

        new(WorkerCrash, Outcomes.Crashed, FaultDomains.Test, FaultDomains.Test, RetryRule.Once, false, false,
            "The worker process died; tried once more in a fresh one."),
        OfTest(HostCrash, Outcomes.Crashed, "The process of the batch died while this case ran alone in it."),
        OfTest(MemoryLimit, Outcomes.Crashed, "The test used more memory than it may."),

        new(NotStarted, Outcomes.Errored, FaultDomains.Harness, FaultDomains.Harness, RetryRule.Once, false, false,
            "The test could not be started (no such program, no permission)."),
        new(Lost, Outcomes.Errored, FaultDomains.Harness, FaultDomains.Harness, RetryRule.Once, false, false,
            "The test ended and its result could not be had."),
        new(NotApplicable, Outcomes.Skipped, FaultDomains.Test, FaultDomains.Test, RetryRule.Never, false, false,
            "The case makes no sense (a task too small for the flaw, say)."),
        new(Excluded, Outcomes.Skipped, FaultDomains.Harness, FaultDomains.Harness, RetryRule.Never, false, false,
            "The case was left out on request."),
    ];

    private static readonly FrozenDictionary<string, CauseRow> ByName = Table.ToFrozenDictionary(row => row.Name, StringComparer.Ordinal);

    /// <summary>The row of a cause.</summary>
    /// <exception cref="ArgumentException">The word is not in the table.</exception>
    public static CauseRow Find(string cause) =>
        ByName.TryGetValue(cause, out var row) ? row : throw new ArgumentException($"'{cause}' is no cause.", nameof(cause));

    /// <summary>True when the word is in the table.</summary>
    public static bool IsKnown(string cause) => ByName.ContainsKey(cause);

    /// <summary>How often the engine may try a case again after this cause.</summary>
    /// <param name="cause">A word of the table.</param>
    /// <param name="judgesModel">True when the case talks to a model endpoint. A stall with no endpoint is the test's own and final.</param>
    /// <param name="retryCount">The case's or the batch's RetryCount.</param>
    public static int RetriesAllowed(string cause, bool judgesModel, int retryCount) => Find(cause) switch
    {
        { Name: Stall } when !judgesModel => 0,
        { Retry: RetryRule.UpToRetryCount } => retryCount,
        { Retry: RetryRule.Once } => 1,
        _ => 0,
    };

    private static CauseRow Judged(string name, string meaning) =>
        new(name, Outcomes.Failed, FaultDomains.Test, FaultDomains.Model, RetryRule.Never, true, false, meaning);

    private static CauseRow OfTest(string name, string outcome, string meaning) =>
        new(name, outcome, FaultDomains.Test, FaultDomains.Test, RetryRule.Never, false, false, meaning);

    private static CauseRow OfProvider(string name, string outcome, string meaning) =>
        new(name, outcome, FaultDomains.Provider, FaultDomains.Provider, RetryRule.UpToRetryCount, false, false, meaning);

    // One prompt may hold a word that a filter dislikes, or be longer than the model reads, and the next one not: so only
    // that case ends. What would refuse every prompt (an unknown model) is found before the first case, by the canary, and
    // twenty such ends in a row stop the lane all the same.
    private static CauseRow OfOneRequest(string name, string meaning) =>
        new(name, Outcomes.Errored, FaultDomains.Provider, FaultDomains.Provider, RetryRule.Never, false, false, meaning);

    private static CauseRow StopsItsLane(string name, string meaning) =>
        new(name, Outcomes.Errored, FaultDomains.Provider, FaultDomains.Provider, RetryRule.Never, false, true, meaning);
}
