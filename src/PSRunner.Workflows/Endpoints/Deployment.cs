using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using Polly;
using Polly.CircuitBreaker;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// One model behind one key at one address, with its own rates and its own breaker. From the outside in: the breaker, the
/// permit, the limit of one request. Shared by all batches of the process.
/// </summary>
internal sealed class Deployment : IDisposable
{
    /// <summary>A key that was turned away is tried again after this time: it may have been given credit, or its rights back.</summary>
    private static readonly TimeSpan ClosedFor = TimeSpan.FromMinutes(5);

    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline _breaker;
    private readonly CircuitBreakerStateProvider _state = new();
    private long _brokenAt;

    /// <param name="options">What it is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="book">Where the time of its key is leased; null: the key is nobody else's.</param>
    public Deployment(EndpointOptions options, TimeProvider time, LeaseBook? book = null)
    {
        Options = options;
        Book = book;
        _time = time;
        Gate = new RateGate(options.Rates, time, book);

        // A redirect would send the key elsewhere; a connection lives long enough to be worth it and short enough to see DNS change.
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = options.ConnectLimit,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        HttpMessageHandler sender = options.Address.Query.Length > 0 ? new VersionedHandler(options, sockets) : sockets;
        _http = new HttpClient(new AnswerHandler(options, time, Gate.Observe) { InnerHandler = sender }) { Timeout = Timeout.InfiniteTimeSpan };
        Inner = new ChatClient(options.Model, new ApiKeyCredential(options.Key.Value), new OpenAIClientOptions
        {
            Endpoint = new Uri(options.Address.GetLeftPart(UriPartial.Path)),
            Transport = new HttpClientPipelineTransport(_http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        }).AsIChatClient();
        _breaker = new ResiliencePipelineBuilder { TimeProvider = time }.AddCircuitBreaker(Breaking(options)).Build();
    }

    /// <summary>What it is.</summary>
    public EndpointOptions Options { get; }

    /// <summary>Where the time of its key is leased; null: the key is nobody else's, or has no set rate.</summary>
    public LeaseBook? Book { get; }

    /// <summary>Where requests of the key wait.</summary>
    public RateGate Gate { get; }

    /// <summary>The client library's client, without our pipeline.</summary>
    public IChatClient Inner { get; }

    /// <summary>True when the key was turned away and is left alone.</summary>
    public bool IsClosed
    {
        get
        {
            if (Gate.ClosedFor is { } since && since >= ClosedFor)
            {
                Gate.Reopen();
            }

            return Gate.ClosedFor is not null;
        }
    }

    /// <summary>True when a reply came whole at any time.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>True when it said at any time why a reply ends: it always does, or never, so that one without is not whole.</summary>
    public bool SaysWhyItEnds { get; private set; }

    /// <summary>A reply came whole.</summary>
    /// <param name="saysWhyItEnds">Whether it did.</param>
    public void Answered(bool saysWhyItEnds)
    {
        HasAnswered = true;
        SaysWhyItEnds |= saysWhyItEnds;
    }

    /// <summary>True while it keeps failing; when it is time, one request is sent to see whether it still does.</summary>
    public bool IsFailing => _state.CircuitState != CircuitState.Closed;

    /// <summary>True when it keeps failing and it is not time for a probe.</summary>
    public bool IsBroken => _state.CircuitState switch
    {
        CircuitState.Closed => false,
        CircuitState.Open => _time.GetElapsedTime(Interlocked.Read(ref _brokenAt)) < Options.BreakDuration,
        _ => true, // A probe is under way: what came now would only be held back.
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Gate.Dispose();
        Inner.Dispose();
        _http.Dispose();
    }

    /// <summary>Sends a request until its reply begins, or to its end when it comes whole.</summary>
    /// <param name="request">The request.</param>
    /// <param name="send">Sends it; owns the sending it is given, unless it throws.</param>
    /// <param name="cancellation">The attempt's.</param>
    /// <exception cref="ProviderException">There is no usable reply.</exception>
    /// <exception cref="BrokenCircuitException">It keeps failing and was not asked.</exception>
    public ValueTask<T> SendAsync<T>(PendingRequest request, Func<Sending, Task<T>> send, CancellationToken cancellation) =>
        _breaker.ExecuteAsync(token => SendOnceAsync(request, send, token), cancellation);

    private async ValueTask<T> SendOnceAsync<T>(PendingRequest request, Func<Sending, Task<T>> send, CancellationToken cancellation)
    {
        var permit = await request.EnterAsync(Gate, cancellation).ConfigureAwait(false);
        var sending = new Sending(this, permit, request, _time, cancellation);
        PendingRequest.Current = request;
        try
        {
            return await send(sending).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            using (sending)
            {
                if (sending.Fault(error) is { } fault)
                {
                    throw fault;
                }

                throw;
            }
        }
    }

    private CircuitBreakerStrategyOptions Breaking(EndpointOptions options) => new()
    {
        ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is ProviderException { Cause: Causes.ServerError or Causes.Connection or Causes.NoReply }),
        FailureRatio = 0.8,
        MinimumThroughput = 10,
        SamplingDuration = TimeSpan.FromSeconds(30),
        BreakDuration = options.BreakDuration,
        StateProvider = _state,
        OnOpened = _ =>
        {
            Interlocked.Exchange(ref _brokenAt, _time.GetTimestamp());
            return ValueTask.CompletedTask;
        },
    };
}
