using System.ClientModel;
using System.Net;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>One request under way: its permit, its limit, and what its end means for the key.</summary>
internal sealed class Sending : IDisposable
{
    private readonly RateGate _gate;
    private readonly RatePermit _permit;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _late;
    private readonly CancellationTokenSource _both;
    private readonly CancellationToken _caller;

    public Sending(RateGate gate, RatePermit permit, TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        _gate = gate;
        _permit = permit;
        _limit = limit;
        _caller = caller;
        _late = new CancellationTokenSource(limit, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_late.Token, caller);
    }

    /// <summary>Signalled when the request's limit is reached or the caller gives up.</summary>
    public CancellationToken Token => _both.Token;

    /// <summary>The reply came.</summary>
    /// <param name="tokens">The tokens used; null when the provider did not say.</param>
    public void Answered(double? tokens) => _permit.Answered(tokens);

    /// <summary>What an exception of the transport or the client library means; the key is told.</summary>
    public Exception Translated(Exception error)
    {
        if (error is ProviderException || _caller.IsCancellationRequested)
        {
            return error;
        }

        if (_late.IsCancellationRequested)
        {
            return new ProviderException(Causes.NoReply, $"The reply was not complete within {_limit.TotalSeconds:0.###} s.", inner: error);
        }

        if (Fault(error) is not { } fault)
        {
            return error;
        }

        var translated = new ProviderException(fault.Cause, fault.Message, fault.RetryAfter, error);
        switch (fault.Cause)
        {
            case Causes.Throttled:
                _permit.Refused(fault.RetryAfter, fault.Scope);
                break;
            case Causes.Auth or Causes.Quota:
                _gate.Close(() => new ProviderException(fault.Cause, fault.Message));
                break;
        }

        return translated;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _permit.Dispose();
        _both.Dispose();
        _late.Dispose();
    }

    /// <summary>The library wraps what the transport threw, sometimes twice.</summary>
    private static HttpFault? Fault(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is RefusedAnswer refused)
            {
                return refused.Fault;
            }

            if (inner is not ClientResultException && HttpFaults.OfException(inner) is { } fault)
            {
                return fault;
            }
        }

        return error is ClientResultException { Status: > 0 } answer
            ? HttpFaults.OfAnswer((HttpStatusCode)answer.Status, _ => null, answer.GetRawResponse()?.Content?.ToString() ?? "", default)
            : null;
    }
}
