namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// The right to send one request. It is told how the request ended, once; disposing it without that says the request
/// failed for a reason that has nothing to do with rates.
/// </summary>
internal sealed class RatePermit : IDisposable
{
    private readonly RateGate _gate;
    private readonly StartedRequest _request;
    private int _ended;

    internal RatePermit(RateGate gate, StartedRequest request, TimeSpan waited)
    {
        _gate = gate;
        _request = request;
        Waited = waited;
    }

    /// <summary>How long the request waited for it.</summary>
    public TimeSpan Waited { get; }

    /// <summary>The request was answered.</summary>
    /// <param name="tokens">The tokens it used; null when the provider did not say.</param>
    public void Answered(double? tokens)
    {
        if (End())
        {
            _gate.Answered(_request, tokens);
        }
    }

    /// <summary>The provider turned the request away for load.</summary>
    /// <param name="retryAfter">How long it asked to wait; null when it did not say.</param>
    /// <param name="scope">What it counted.</param>
    public void Refused(TimeSpan? retryAfter, RefusalScope scope)
    {
        if (End())
        {
            _gate.Refused(_request, retryAfter, scope);
        }
    }

    /// <summary>Gives the permit back.</summary>
    public void Dispose()
    {
        if (End())
        {
            _gate.Failed();
        }
    }

    private bool End() => Interlocked.Exchange(ref _ended, 1) == 0;
}
