using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints.Rates;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// One model behind one key: sends requests through one pipeline that all attempts share. From the outside in: sending
/// again by cause, the circuit breaker, the permit, the limit of one request.
/// </summary>
internal sealed class OpenAIEndpoint : IDisposable
{
    private readonly EndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline _pipeline;
    private readonly SeededRandom _random;

    public OpenAIEndpoint(EndpointOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _random = new SeededRandom("endpoint/" + options.Rates.Seed);
        Gate = new RateGate(options.Rates, time);

        // A redirect would send the key elsewhere; a connection lives long enough to be worth it and short enough to see DNS change.
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = options.ConnectLimit,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        _http = new HttpClient(new AnswerHandler(options.PauseLimit, time, Gate.Observe) { InnerHandler = sockets }) { Timeout = Timeout.InfiniteTimeSpan };
        Inner = new ChatClient(options.Model, new ApiKeyCredential(options.Key), new OpenAIClientOptions
        {
            Endpoint = options.Address,
            Transport = new HttpClientPipelineTransport(_http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        }).AsIChatClient();
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        _pipeline = (options.Resends > 0 ? pipeline.AddRetry(Resending()) : pipeline).AddCircuitBreaker(Breaking()).Build();
    }

    /// <summary>Where requests of the key wait.</summary>
    public RateGate Gate { get; }

    /// <summary>The client library's client, without our pipeline.</summary>
    internal IChatClient Inner { get; }

    /// <summary>A client whose requests go through the pipeline; any number may be used at once.</summary>
    public IChatClient CreateClient() => new EndpointClient(this, _options.Streams);

    /// <inheritdoc/>
    public void Dispose()
    {
        Gate.Dispose();
        Inner.Dispose();
        _http.Dispose();
    }

    /// <summary>Sends a request until its reply begins, or to its end when it comes whole.</summary>
    /// <param name="tokens">The tokens it is expected to use.</param>
    /// <param name="send">Sends it once; owns the sending it is given, unless it throws.</param>
    /// <param name="cancellation">The attempt's.</param>
    /// <exception cref="ProviderException">There is no usable reply.</exception>
    internal async Task<T> ExecuteAsync<T>(double tokens, Func<Sending, Task<T>> send, CancellationToken cancellation)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async token => await SendOnceAsync(tokens, send, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        }
        catch (BrokenCircuitException error)
        {
            throw new ProviderException(Causes.ServerError, "The endpoint keeps failing; requests to it are held back.", error.RetryAfter, error);
        }
    }

    private async Task<T> SendOnceAsync<T>(double tokens, Func<Sending, Task<T>> send, CancellationToken cancellation)
    {
        var permit = await Gate.EnterAsync(tokens, cancellation).ConfigureAwait(false);
        var sending = new Sending(Gate, permit, _options.RequestLimit, _time, cancellation);
        try
        {
            return await send(sending).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            using (sending)
            {
                throw sending.Translated(error);
            }
        }
    }

    private RetryStrategyOptions Resending() => new()
    {
        MaxRetryAttempts = _options.Resends,

        // A request that ran into its limit has used the time of several: trying that again is the engine's choice.
        ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception switch
        {
            BrokenCircuitException => true,
            ProviderException { Cause: Causes.NoReply } => false,
            ProviderException error => Causes.Find(error.Cause).Retry == RetryRule.UpToRetryCount,
            _ => false,
        }),
        BackoffType = DelayBackoffType.Exponential,
        Delay = TimeSpan.FromSeconds(1),
        MaxDelay = KeyRates.LongestHold,
        UseJitter = true,
        Randomizer = NextRandom,

        // A throttle holds the key: the gate waits, not this request on top of it.
        DelayGenerator = args => ValueTask.FromResult(args.Outcome.Exception switch
        {
            ProviderException { Cause: Causes.Throttled } => TimeSpan.Zero,
            ProviderException { RetryAfter: { } wait } => wait,
            BrokenCircuitException { RetryAfter: { } wait } => wait,
            _ => (TimeSpan?)null,
        }),
    };

    private static CircuitBreakerStrategyOptions Breaking() => new()
    {
        ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is ProviderException { Cause: Causes.ServerError or Causes.Connection or Causes.NoReply }),
        FailureRatio = 0.8,
        MinimumThroughput = 10,
        SamplingDuration = TimeSpan.FromSeconds(30),
        BreakDuration = TimeSpan.FromSeconds(10),
    };

    private double NextRandom()
    {
        lock (_random)
        {
            return _random.NextDouble();
        }
    }
}
