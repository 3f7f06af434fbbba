using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// The chat client of an endpoint in one attempt. A request is sent again only while nothing of its reply was handed out;
/// after that a fault ends the reply. What it says never holds a key.
/// </summary>
/// <param name="endpoint">The endpoint.</param>
/// <param name="log">What is told of the requests.</param>
/// <param name="limit">The longest time of one sending.</param>
internal sealed class EndpointClient(ModelEndpoint endpoint, RequestLog log, TimeSpan limit) : IChatClient
{
    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> list = [.. messages];
        return endpoint.ExecuteAsync(Pending(list, inPieces: false), async sending =>
        {
            var response = await sending.Client.GetResponseAsync(list, options, sending.Token).ConfigureAwait(false);
            AIContent[] contents = [.. response.Messages.SelectMany(m => m.Contents), .. response.Usage is { } usage ? [new UsageContent(usage)] : Array.Empty<AIContent>()];
            sending.Received(contents, response.FinishReason);
            if (sending.IsRefused || !contents.Any(IsReply))
            {
                throw sending.Empty();
            }

            sending.Answered();
            sending.Dispose();
            return response;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (!endpoint.Streams)
        {
            var whole = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
            foreach (var update in whole.ToChatResponseUpdates())
            {
                yield return update;
            }

            yield break;
        }

        IReadOnlyList<ChatMessage> list = [.. messages];
        var reply = await endpoint.ExecuteAsync(
            Pending(list, inPieces: true),
            sending => ReplyStream.OpenAsync(sending.Client.GetStreamingResponseAsync(list, options, sending.Token), sending),
            cancellationToken).ConfigureAwait(false);
        await using var closed = reply.ConfigureAwait(false);
        while (await reply.NextAsync().ConfigureAwait(false) is { } update)
        {
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(RequestLog) ? log : serviceType == typeof(ModelEndpoint) ? endpoint : endpoint.Deployments[0].Inner.GetService(serviceType, serviceKey);

    /// <summary>The endpoint outlives its clients.</summary>
    public void Dispose()
    {
    }

    /// <summary>Whether a part of a reply is one: thoughts alone answer nothing.</summary>
    internal static bool IsReply(AIContent content) => content is FunctionCallContent or TextContent { Text.Length: > 0 };

    private PendingRequest Pending(IEnumerable<ChatMessage> messages, bool inPieces) => new(log, TokenEstimate.Of(messages), limit) { InPieces = inPieces };
}
