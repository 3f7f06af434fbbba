using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// The chat client of an endpoint. A request is sent again only while nothing of its reply was handed out; after that a
/// fault ends the reply.
/// </summary>
internal sealed class EndpointClient(OpenAIEndpoint endpoint, bool streams) : IChatClient
{
    private const double CharsPerToken = 4;

    /// <summary>What a reply is expected to use, until it says.</summary>
    private const double ReplyTokens = 250;

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> list = [.. messages];
        return endpoint.ExecuteAsync(Estimate(list), async sending =>
        {
            var response = await endpoint.Inner.GetResponseAsync(list, options, sending.Token).ConfigureAwait(false);
            if (!response.Messages.SelectMany(m => m.Contents).Any(IsReply))
            {
                throw new ProviderException(Causes.EmptyReply, "The reply is empty.");
            }

            sending.Answered(response.Usage?.TotalTokenCount);
            sending.Dispose();
            return response;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (!streams)
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
            Estimate(list),
            sending => ReplyStream.OpenAsync(endpoint.Inner.GetStreamingResponseAsync(list, options, sending.Token), sending),
            cancellationToken).ConfigureAwait(false);
        await using var closed = reply.ConfigureAwait(false);
        while (await reply.NextAsync().ConfigureAwait(false) is { } update)
        {
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => endpoint.Inner.GetService(serviceType, serviceKey);

    /// <summary>The endpoint outlives its clients.</summary>
    public void Dispose()
    {
    }

    /// <summary>Whether a part of a reply is one: thoughts alone answer nothing.</summary>
    internal static bool IsReply(AIContent content) => content is FunctionCallContent or TextContent { Text.Length: > 0 };

    private static double Estimate(IEnumerable<ChatMessage> messages) => (messages.Sum(m => m.Text.Length) / CharsPerToken) + ReplyTokens;
}
