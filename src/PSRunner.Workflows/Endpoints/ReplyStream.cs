using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Endpoints;

/// <summary>A reply in pieces, opened up to its first piece that says something.</summary>
internal sealed class ReplyStream : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ChatResponseUpdate> _pieces;
    private readonly Sending _sending;
    private ChatResponseUpdate? _first;

    private ReplyStream(IAsyncEnumerable<ChatResponseUpdate> pieces, Sending sending)
    {
        _pieces = pieces.GetAsyncEnumerator(sending.Token);
        _sending = sending;
    }

    /// <summary>Reads until the reply begins.</summary>
    /// <exception cref="ProviderException">It ended before.</exception>
    public static async Task<ReplyStream> OpenAsync(IAsyncEnumerable<ChatResponseUpdate> pieces, Sending sending)
    {
        var reply = new ReplyStream(pieces, sending);
        try
        {
            while (await reply.ReadAsync().ConfigureAwait(false) is { } update)
            {
                // What comes before says nothing; thoughts may be long, and are not kept.
                if (update.Contents.Any(EndpointClient.IsReply))
                {
                    reply._first = update;
                    return reply;
                }
            }

            throw sending.Empty();
        }
        catch
        {
            await reply._pieces.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The next piece; null at the end.</summary>
    /// <exception cref="ProviderException">The reply broke off.</exception>
    public async Task<ChatResponseUpdate?> NextAsync()
    {
        if (Interlocked.Exchange(ref _first, null) is { } first)
        {
            return first;
        }

        try
        {
            var update = await ReadAsync().ConfigureAwait(false);
            if (update is null)
            {
                End();
            }

            return update;
        }
        catch (Exception error) when (_sending.Fault(error) is { } fault)
        {
            throw fault;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _pieces.DisposeAsync().ConfigureAwait(false);
        _sending.Dispose();
    }

    // What a filter or a gateway cut off is not what the model said.
    private void End()
    {
        if (_sending.IsRefused)
        {
            throw _sending.Empty();
        }

        if (_sending.IsCutOff)
        {
            throw new ProviderException(Causes.Connection, "The stream ended before the reply did.");
        }

        _sending.Answered();
    }

    private async Task<ChatResponseUpdate?> ReadAsync()
    {
        if (!await _pieces.MoveNextAsync().ConfigureAwait(false))
        {
            return null;
        }

        var update = _pieces.Current;
        _sending.Received(update.Contents, update.FinishReason);

        // What is not said in the abstraction's own words.
        if (update.RawRepresentation is OpenAI.Chat.StreamingChatCompletionUpdate { RefusalUpdate.Length: > 0 })
        {
            _sending.Refused();
        }

        return update;
    }
}
