using System.ClientModel;
using System.Net;
using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>One request under way: its permit, its limit, and what its end means for the key.</summary>
internal sealed class Sending : IDisposable
{
    private readonly Deployment _deployment;
    private readonly RatePermit _permit;
    private readonly PendingRequest _request;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _late;
    private readonly CancellationTokenRegistration _givesUp;
    private readonly CancellationToken _caller;
    private readonly long _sentAt;

    public Sending(Deployment deployment, RatePermit permit, PendingRequest request, TimeProvider time, CancellationToken caller)
    {
        _deployment = deployment;
        _permit = permit;
        _request = request;
        _time = time;
        _caller = caller;
        _sentAt = time.GetTimestamp();
        _late = new CancellationTokenSource(request.Limit, time);
        _givesUp = caller.UnsafeRegister(static late => ((CancellationTokenSource)late!).Cancel(), _late);
        request.Log.Send();
    }

    /// <summary>The client that sends it.</summary>
    public IChatClient Client => _deployment.Inner;

    /// <summary>Signalled when the request's limit is reached or the caller gives up.</summary>
    public CancellationToken Token => _late.Token;

    /// <summary>The reply came.</summary>
    /// <param name="usage">The tokens used; null when the provider did not say.</param>
    public void Answered(UsageDetails? usage)
    {
        _deployment.Answered();
        _permit.Answered(usage?.TotalTokenCount ?? usage?.InputTokenCount + usage?.OutputTokenCount);
        _request.Log.Reply(_time.GetElapsedTime(_sentAt), usage?.InputTokenCount ?? double.NaN, usage?.OutputTokenCount ?? double.NaN, _request.Tokens);
    }

    /// <summary>What an exception of the transport or the client library means; null when it is no fault of the provider. The key is told.</summary>
    public ProviderException? Fault(Exception error)
    {
        if (error is ProviderException || _caller.IsCancellationRequested)
        {
            return null;
        }

        if (_late.IsCancellationRequested)
        {
            return new ProviderException(Causes.NoReply, $"The reply was not complete within {_request.Limit.TotalSeconds:0.###} s.");
        }

        // What the client library and the transport say may hold the key, and leaves the endpoint here and nowhere else.
        var redact = _deployment.Options.Key.Redact;
        if ((Find(error, redact) ?? (error is OperationCanceledException or ObjectDisposedException ? null : HttpFaults.OfReading(error, redact))) is not { } fault)
        {
            return null;
        }

        switch (fault.Cause)
        {
            case Causes.Throttled:
                _permit.Refused(fault.RetryAfter, fault.Scope);
                break;
            case Causes.Auth or Causes.Quota:
                _deployment.Gate.Close(() => new ProviderException(fault.Cause, fault.Message));
                break;
        }

        return new ProviderException(fault.Cause, fault.Message, fault.RetryAfter);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _permit.Dispose();
        _givesUp.Dispose();
        _late.Dispose();
    }

    /// <summary>The library wraps what the transport threw, sometimes twice.</summary>
    private static HttpFault? Find(Exception error, Func<string, string> redact)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is RefusedAnswer refused)
            {
                return refused.Fault;
            }

            if (inner is not ClientResultException && HttpFaults.OfException(inner, redact) is { } fault)
            {
                return fault;
            }
        }

        return error is ClientResultException { Status: > 0 } answer
            ? HttpFaults.OfAnswer((HttpStatusCode)answer.Status, _ => null, answer.GetRawResponse()?.Content?.ToString() ?? "", default, redact)
            : null;
    }
}
