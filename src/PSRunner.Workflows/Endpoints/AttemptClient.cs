using Microsoft.Extensions.AI;

namespace PSRunner.Workflows.Endpoints;

/// <summary>A model's client for one attempt: tells the lane when the attempt began to send, and when it ended.</summary>
internal sealed class AttemptClient(IChatClient inner, SteeredLane? lane) : DelegatingChatClient(inner)
{
    private int _entered;

    /// <summary>What a request waits for before its own limit begins; null: the client sees to that.</summary>
    public RequestTurn? Turn { get; init; }

    /// <inheritdoc/>
    public override Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Enter();
        return base.GetResponseAsync(messages, options, cancellationToken);
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Enter();
        return base.GetStreamingResponseAsync(messages, options, cancellationToken);
    }

    /// <inheritdoc/>
    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(RequestTurn) ? Turn : base.GetService(serviceType, serviceKey);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _entered, 0) == 1)
        {
            lane?.Leave();
        }

        base.Dispose(disposing);
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _entered, 1) == 0)
        {
            lane?.Enter();
        }
    }
}

/// <summary>The caps of a batch for a client that has no limits of its own.</summary>
internal sealed class RequestTurn(BatchCap cap, Rates.RateGate gate, Func<IDisposable> stopClocks)
{
    /// <summary>Waits until a request may go out; the attempt's clocks stand still meanwhile.</summary>
    /// <returns>Disposed of when the request ended.</returns>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        using (stopClocks())
        {
            return await cap.EnterAsync(gate, tokens: 0, cancellation).ConfigureAwait(false);
        }
    }
}
