using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// A model's client for one attempt: tells the lane when the attempt began to send, and when it ended. A case that competes
/// for something else than its model, so that nothing held it back, waits here for the model's first requests.
/// </summary>
internal sealed class AttemptClient(IChatClient inner, SteeredLane? lane) : DelegatingChatClient(inner)
{
    private int _entered;

    /// <summary>What a request waits for before its own limit begins; null: the client sees to that.</summary>
    public RequestTurn? Turn { get; init; }

    /// <summary>Stops the attempt's clocks until the result is disposed of.</summary>
    public Func<IDisposable>? StopClocks { get; init; }

    /// <inheritdoc/>
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        return await base.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var update in InnerClient.GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            yield return update;
        }
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

    /// <exception cref="CasePostponedException">The first requests showed that the model cannot be used.</exception>
    private async ValueTask EnterAsync(CancellationToken cancellation)
    {
        if (lane is null || Volatile.Read(ref _entered) == 1)
        {
            return;
        }

        if (!lane.Looked.IsCompleted)
        {
            using (StopClocks?.Invoke())
            {
                await lane.Looked.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }

        if (lane.Finding is { IsFinal: true } finding)
        {
            throw new CasePostponedException(finding.Message);
        }

        if (Interlocked.Exchange(ref _entered, 1) == 0)
        {
            lane.Enter();
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
