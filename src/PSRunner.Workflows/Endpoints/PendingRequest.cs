using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>One request on its way through the pipeline, as often as it is sent.</summary>
/// <param name="log">What is told of the attempt's requests.</param>
/// <param name="inputTokens">About how many tokens it sends.</param>
/// <param name="limit">The longest time of one sending, to the last byte. Waiting for a permit is not in it.</param>
internal sealed class PendingRequest(RequestLog log, double inputTokens, TimeSpan limit)
{
    /// <summary>What a reply is expected to use, until it says.</summary>
    private const double ReplyTokens = 250;

    // The client library hands nothing of ours on to the transport.
    private static readonly AsyncLocal<PendingRequest?> Flowing = new();

    /// <summary>The one that the running code sends; null: none.</summary>
    public static PendingRequest? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>True when the reply is asked for in pieces.</summary>
    public bool InPieces { get; init; }

    /// <summary>About how many tokens it sends.</summary>
    public double InputTokens => inputTokens;

    /// <summary>The tokens it is expected to use.</summary>
    public double Tokens => inputTokens + ReplyTokens;

    /// <summary>The longest time of one sending.</summary>
    public TimeSpan Limit => limit;

    /// <summary>
    /// The longest wait for the first byte, and between two. Pieces come all the time, so that a server that stands still is
    /// found before the request's time is gone; a whole reply begins when it ends.
    /// </summary>
    /// <param name="shortest">No piece is expected sooner.</param>
    public TimeSpan PauseLimit(TimeSpan shortest) => !InPieces ? limit : limit / 2 > shortest ? limit / 2 : shortest;

    /// <summary>What is told of the attempt's requests.</summary>
    public RequestLog Log => log;

    /// <summary>Where it was sent last; another is tried first when there is one.</summary>
    public Deployment? Last { get; set; }

    /// <summary>Waits for the permit to send it. The attempt's clocks stand still meanwhile.</summary>
    public async ValueTask<RatePermit> EnterAsync(RateGate gate, CancellationToken cancellation)
    {
        using (log.Waiting())
        {
            var entered = log.Cap is { } cap ? cap.EnterAsync(gate, Tokens, cancellation) : gate.EnterAsync(Tokens, cancellation);
            return await entered.ConfigureAwait(false);
        }
    }
}
