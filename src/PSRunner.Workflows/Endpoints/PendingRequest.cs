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

    /// <summary>About how many tokens it sends.</summary>
    public double InputTokens => inputTokens;

    /// <summary>The tokens it is expected to use.</summary>
    public double Tokens => inputTokens + ReplyTokens;

    /// <summary>The longest time of one sending.</summary>
    public TimeSpan Limit => limit;

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
