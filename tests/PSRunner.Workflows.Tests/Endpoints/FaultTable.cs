using PSRunner.ModelServer;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>How a case must end whose request always meets a fault.</summary>
/// <param name="Outcome">One of the design's outcomes.</param>
/// <param name="Cause">One of its causes; empty: the fault does no harm.</param>
/// <param name="Domain">Whose fault it is.</param>
/// <param name="Heals">True when a second try is made, which ends well where the fault has passed.</param>
internal sealed record FaultRow(string Outcome, string Cause, string Domain, bool Heals);

/// <summary>
/// The faults of the server and what they must end in: section 2 of the design, written down a second time on purpose, so
/// that it does not come from the code that is tested.
/// </summary>
internal static class FaultTable
{
    private static readonly FaultRow Harmless = new("Passed", "", "", Heals: true);

    /// <summary>An address that does not exist, or does not speak TLS.</summary>
    public static FaultRow Unreachable { get; } = Errored("connection");

    /// <summary>Faults of a single request.</summary>
    public static IReadOnlyDictionary<Fault, FaultRow> Rows { get; } = new Dictionary<Fault, FaultRow>
    {
        [Fault.NeverAnswer] = TimedOut("no-reply"),
        [Fault.OneByteASecond] = TimedOut("no-reply"),
        [Fault.SlowHeaders] = TimedOut("no-reply"),
        [Fault.CloseInTheMiddle] = Errored("connection"),
        [Fault.Reset] = Errored("connection"),
        [Fault.WrongContentLength] = Errored("connection"),
        [Fault.EndsEarly] = Errored("connection"),
        [Fault.Throttled] = Errored("throttled"),
        [Fault.ThrottledBare] = Errored("throttled"),
        [Fault.ThrottledInBody] = Errored("throttled"),
        [Fault.ServerError] = Errored("server-error"),
        [Fault.ErrorInBody] = Errored("server-error"),
        [Fault.WrongJson] = Errored("garbage-reply"),
        [Fault.Html] = Errored("garbage-reply"),
        [Fault.HugeReply] = Errored("garbage-reply"),
        [Fault.Redirect] = Errored("garbage-reply"),
        [Fault.EmptyContent] = Errored("empty-reply"),
        [Fault.ReasoningOnly] = Errored("empty-reply"),
        [Fault.ContentFilter] = Errored("refused") with { Heals = false },
        [Fault.FilteredReply] = Errored("refused") with { Heals = false },

        // The call can be read without the end of its closing tag.
        [Fault.CutInTag] = Harmless,

        // These stop the lane.
        [Fault.KeyRevoked] = Errored("auth") with { Heals = false },
        [Fault.QuotaUsedUp] = Errored("quota") with { Heals = false },
    };

    /// <summary>The row of a fault for replies that come in pieces or whole.</summary>
    public static FaultRow Of(Fault fault, bool streams) => (fault, streams) switch
    {
        // A stream says its own end, whatever the length of its body; only a stream can end before.
        (Fault.WrongContentLength, true) or (Fault.EndsEarly, false) => Harmless,
        _ => Rows[fault],
    };

    private static FaultRow Errored(string cause) => new("Errored", cause, "Provider", Heals: true);

    private static FaultRow TimedOut(string cause) => new("TimedOut", cause, "Provider", Heals: true);
}
