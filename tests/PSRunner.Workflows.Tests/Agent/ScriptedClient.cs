using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace PSRunner.Workflows.Tests.Agent;

/// <summary>A model that says what it was told to say, and keeps what it was sent. A reply may be text, contents, an exception, or a task to wait for.</summary>
internal sealed class ScriptedClient(params object[] replies) : IChatClient
{
    private int _next;

    public List<IReadOnlyList<ChatMessage>> Sent { get; } = [];

    public List<ChatOptions?> Options { get; } = [];

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Sent.Add([.. messages]);
        Options.Add(options);
        var reply = replies[Math.Min(_next++, replies.Length - 1)];
        switch (reply)
        {
            case Exception error:
                throw error;
            case Func<CancellationToken, Task> wait:
                await wait(cancellationToken);
                break;
            case string text:
                yield return new ChatResponseUpdate(ChatRole.Assistant, text[..(text.Length / 2)]);
                yield return new ChatResponseUpdate(ChatRole.Assistant, text[(text.Length / 2)..]);
                break;
            case IList<AIContent> contents:
                yield return new ChatResponseUpdate(ChatRole.Assistant, contents);
                break;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
