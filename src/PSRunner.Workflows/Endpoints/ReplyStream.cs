using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Endpoints;

/// <summary>A reply in pieces, opened up to its first piece that says something.</summary>
internal sealed class ReplyStream : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ChatResponseUpdate> _pieces;
    private readonly Sending _sending;
    private readonly Queue<ChatResponseUpdate> _opening = new();
    private UsageDetails? _usage;

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
                reply._opening.Enqueue(update);
                if (update.Contents.Any(EndpointClient.IsReply))
                {
                    return reply;
                }
            }

            throw new ProviderException(Causes.EmptyReply, "The reply is empty.");
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
        if (_opening.TryDequeue(out var first))
        {
            return first;
        }

        try
        {
            var update = await ReadAsync().ConfigureAwait(false);
            if (update is null)
            {
                _sending.Answered(_usage);
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

    private async Task<ChatResponseUpdate?> ReadAsync()
    {
        if (!await _pieces.MoveNextAsync().ConfigureAwait(false))
        {
            return null;
        }

        _usage = _pieces.Current.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? _usage;
        return _pieces.Current;
    }
}
