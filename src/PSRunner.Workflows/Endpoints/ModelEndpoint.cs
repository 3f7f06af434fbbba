using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints.Rates;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// A model as tests name it: the deployments and keys behind it, used by health and headroom. A request that one of them
/// fails is sent again, by cause, to another where there is one.
/// </summary>
internal sealed class ModelEndpoint
{
    private static readonly ResiliencePropertyKey<PendingRequest> Request = new("PSRunner.Request");

    private readonly ResiliencePipeline _resending;
    private readonly SeededRandom _random;
    private int _turn;

    /// <param name="name">The endpoint's name.</param>
    /// <param name="deployments">At least one.</param>
    /// <param name="time">The clock.</param>
    /// <param name="resends">How often a request is sent again within an attempt.</param>
    public ModelEndpoint(string name, IReadOnlyList<Deployment> deployments, TimeProvider time, int resends = 4)
    {
        Name = name;
        Deployments = deployments;
        _random = new SeededRandom("endpoint/" + name);
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        _resending = (resends > 0 ? pipeline.AddRetry(Resending(resends)) : pipeline).Build();
    }

    /// <summary>The endpoint's name.</summary>
    public string Name { get; }

    /// <summary>Each key with each deployment.</summary>
    public IReadOnlyList<Deployment> Deployments { get; }

    /// <summary>True when replies are asked for in pieces.</summary>
    public bool Streams => Deployments[0].Options.Streams;

    /// <summary>The text without the keys of the endpoint.</summary>
    public string Redact(string text) => Deployments.Aggregate(text, (left, deployment) => deployment.Options.Key.Redact(left));

    /// <summary>Sends a request until its reply begins, or to its end when it comes whole.</summary>
    /// <param name="request">The request.</param>
    /// <param name="send">Sends it once; owns the sending it is given, unless it throws.</param>
    /// <param name="cancellation">The attempt's.</param>
    /// <exception cref="ProviderException">There is no usable reply.</exception>
    public async Task<T> ExecuteAsync<T>(PendingRequest request, Func<Sending, Task<T>> send, CancellationToken cancellation)
    {
        var context = ResilienceContextPool.Shared.Get(cancellation);
        context.Properties.Set(Request, request);
        try
        {
            return await _resending.ExecuteAsync(
                (sent, _) => Choose(request).SendAsync(request, send, sent.CancellationToken), context, state: 0).ConfigureAwait(false);
        }
        catch (BrokenCircuitException error)
        {
            // What is held back ends as those did that failed; but it was not sent, so it was not late.
            var failed = error.InnerException as ProviderException;
            var cause = failed is null or { Cause: Causes.NoReply } ? Causes.ServerError : failed.Cause;
            throw new ProviderException(cause, $"{failed?.Message} The endpoint keeps failing; requests to it are held back.".TrimStart(), error.RetryAfter, error);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>
    /// The deployment to send to: of those that are neither closed nor broken the one with the shortest queue, not the one
    /// that just failed. When all are broken or closed, one of those: it says why.
    /// </summary>
    private Deployment Choose(PendingRequest request)
    {
        if (Deployments.Count == 1)
        {
            return Deployments[0];
        }

        // Among equals in turn.
        var first = (int)((uint)Interlocked.Increment(ref _turn) % (uint)Deployments.Count);
        Deployment? best = null;
        var least = (Rank: 4, Backlog: TimeSpan.MaxValue, InFlight: int.MaxValue);
        for (var i = 0; i < Deployments.Count; i++)
        {
            var candidate = Deployments[(first + i) % Deployments.Count];
            var load = candidate.Gate.Load;
            var cost = (candidate.IsClosed ? 3 : candidate.IsBroken ? 2 : candidate == request.Last ? 1 : 0, load.Backlog, load.InFlight);
            if (best is null || cost.CompareTo(least) < 0)
            {
                (best, least) = (candidate, cost);
            }
        }

        return request.Last = best!;
    }

    private RetryStrategyOptions Resending(int resends) => new()
    {
        MaxRetryAttempts = resends,

        // A request that ran into its limit has used the time of several: trying that again is the engine's choice, unless
        // the provider was quick to say so. A key that is turned away costs nothing while there is another.
        ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception switch
        {
            BrokenCircuitException => true,
            ProviderException { Cause: Causes.NoReply, IsAnswer: false } => false,
            ProviderException { Cause: Causes.Auth or Causes.Quota } => HasOpen,
            ProviderException error => Causes.Find(error.Cause).Retry == RetryRule.UpToRetryCount,
            _ => false,
        }),
        BackoffType = DelayBackoffType.Exponential,
        Delay = TimeSpan.FromSeconds(1),
        MaxDelay = KeyRates.LongestHold,
        UseJitter = true,
        Randomizer = NextRandom,

        // A throttle holds the key: the gate waits, not this request on top of it. Where another can take it, it goes there at once.
        DelayGenerator = args => ValueTask.FromResult(args.Outcome.Exception switch
        {
            ProviderException { Cause: Causes.Throttled or Causes.Auth or Causes.Quota } => TimeSpan.Zero,
            _ when HasAnother(args.Context.Properties.GetValue(Request, null!)) => TimeSpan.Zero,
            ProviderException { RetryAfter: { } wait } when wait > TimeSpan.Zero => wait,
            BrokenCircuitException { RetryAfter: { } wait } => wait,
            _ => (TimeSpan?)null,
        }),
    };

    private bool HasOpen => Deployments.Any(d => !d.IsClosed);

    private bool HasAnother(PendingRequest failed) => Deployments.Count > 1 && Deployments.Any(d => d != failed.Last && !d.IsClosed && !d.IsBroken);

    private double NextRandom()
    {
        lock (_random)
        {
            return _random.NextDouble();
        }
    }
}
