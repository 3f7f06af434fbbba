using System.ClientModel;
using System.Net;
using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>One request under way: its permit, its limit, and what its end means for the key.</summary>
internal sealed class Sending : IDisposable
{
    /// <summary>What the client library says of a reply that the provider would not give.</summary>
    private const string Refusal = "Refusal";

    private readonly Deployment _deployment;
    private readonly RatePermit _permit;
    private readonly PendingRequest _request;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _late;
    private readonly CancellationTokenRegistration _givesUp;
    private readonly CancellationToken _caller;
    private readonly long _sentAt;
    private UsageDetails? _usage;
    private bool _saysWhyItEnds;
    private long _chars;
    private bool _hasBegun;
    private bool _isOver;

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

    /// <summary>True when the provider would not give the reply, or its filter took it, or what was left of it, away.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>True when a reply that came to its end must have been cut off: gateways close a stream properly that broke behind them.</summary>
    public bool IsCutOff => !_saysWhyItEnds && _deployment.SaysWhyItEnds;

    /// <summary>A part of the reply came.</summary>
    /// <param name="contents">What it holds.</param>
    /// <param name="finish">Why the reply ends here; null: it goes on.</param>
    public void Received(IEnumerable<AIContent> contents, ChatFinishReason? finish)
    {
        _hasBegun = true;
        _saysWhyItEnds |= finish is not null;
        IsRefused |= finish == ChatFinishReason.ContentFilter;
        foreach (var content in contents)
        {
            _usage = content is UsageContent used ? used.Details : _usage;
            _chars += TokenEstimate.CharsOf(content);
            IsRefused |= content is ErrorContent { ErrorCode: Refusal };
        }
    }

    /// <summary>The provider says that it refuses.</summary>
    public void Refused() => IsRefused = true;

    /// <summary>The reply is whole.</summary>
    public void Answered()
    {
        _deployment.Answered(_saysWhyItEnds);
        _permit.Answered(TokenEstimate.Total(_usage));
        _request.Log.Reply(_time.GetElapsedTime(_sentAt));
    }

    /// <summary>Why a reply that came to its end is none.</summary>
    public ProviderException Empty() => IsRefused
        ? new ProviderException(Causes.Refused, "The provider refused to give the reply, or all of it.")
        : new ProviderException(Causes.EmptyReply, "The reply is empty.");

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

        return new ProviderException(fault.Cause, fault.Message, fault.RetryAfter) { IsAnswer = fault.IsAnswer };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isOver)
        {
            return;
        }

        // A reply that broke off, was of no use or did not come in time has used tokens as a good one has.
        _isOver = true;
        if (_hasBegun || _late.IsCancellationRequested)
        {
            _request.Log.Spend(TokenEstimate.Known(_usage?.InputTokenCount), TokenEstimate.Known(_usage?.OutputTokenCount), _request.InputTokens, TokenEstimate.Of(_chars));
        }

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
