using System.Text;
using Microsoft.Extensions.AI;
using Polly;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Endpoints;

namespace PSRunner.Workflows.Agent;

/// <summary>A reply as it was received.</summary>
/// <param name="Text">Its text; empty when it only calls functions.</param>
/// <param name="Calls">Its native function calls.</param>
internal sealed record ModelReply(string Text, IReadOnlyList<FunctionCallContent> Calls)
{
    /// <summary>
    /// The text as it came. The other is without the endpoint's keys, and a key may be a word ("anything", where none is
    /// asked for) that a right answer holds: this is for who judges and keeps nothing of it, which a script of the user's does not promise.
    /// </summary>
    public string Exact { get; init; } = Text;
}

/// <summary>
/// Sends requests, each within the request limit; a client that keeps a <see cref="RequestLog"/> holds that limit itself,
/// because only it knows what is waiting for a permit and what is the request. Sends nothing twice: trying again is the
/// client's and the engine's business. The stream's pieces count as progress, so a long reply does not stall; the limit
/// holds for the whole reply, so one that drips ends.
/// </summary>
internal sealed class ModelRequest
{
    /// <summary>A reply longer than this many characters is garbage.</summary>
    public const int MaxReplyChars = 2_000_000;

    private readonly IChatClient _client;
    private readonly ChatOptions _options;
    private readonly AttemptContext _context;
    private readonly ResiliencePipeline _limit;
    private readonly ModelEndpoint? _endpoint;
    private readonly RequestTurn? _turn;

    public ModelRequest(IChatClient client, ChatOptions options, AttemptContext context)
    {
        _client = client;
        _options = options;
        _context = context;
        _limit = client.GetService<RequestLog>() is null
            ? new ResiliencePipelineBuilder { TimeProvider = context.Time }.AddTimeout(context.Limits.Request).Build()
            : ResiliencePipeline.Empty;
        _endpoint = client.GetService<ModelEndpoint>();
        _turn = client.GetService<RequestTurn>();
    }

    /// <summary>Sends the messages and reads the reply to its end.</summary>
    /// <exception cref="ProviderException">There is no usable reply.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public async Task<ModelReply> SendAsync(IReadOnlyList<ChatMessage> messages, int turn, CancellationToken cancellation)
    {
        try
        {
            using var permit = _turn is null ? null : await _turn.EnterAsync(cancellation).ConfigureAwait(false);
            _context.ReportProgress($"request {turn} sent");
            var reply = await _limit.ExecuteAsync(async token => await ReadAsync(messages, turn, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return ProviderFaults.OfReply(reply.Text, reply.Calls.Count, isUnwrapped: _endpoint is not null) is { } fault ? throw new ProviderException(fault.Cause, fault.Message) : reply;
        }
        catch (Exception error) when (error is not ProviderException && !cancellation.IsCancellationRequested && ProviderFaults.Of(error) is { } fault)
        {
            throw new ProviderException(fault.Cause, fault.Message, fault.RetryAfter, error);
        }
    }

    private async Task<ModelReply> ReadAsync(IReadOnlyList<ChatMessage> messages, int turn, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        var calls = new List<FunctionCallContent>();
        await foreach (var update in _client.GetStreamingResponseAsync(messages, _options, cancellation).ConfigureAwait(false))
        {
            foreach (var content in update.Contents)
            {
                switch (content)
                {
                    case TextContent piece:
                        text.Append(piece.Text);
                        break;
                    case FunctionCallContent call:
                        calls.Add(call);
                        break;
                }
            }

            if (text.Length > MaxReplyChars || calls.Count > ReplyParser.MaxActions)
            {
                throw new ProviderException(Causes.GarbageReply, $"The reply does not end: {text.Length} characters, {calls.Count} calls.");
            }

            _context.ReportProgress($"reply {turn}, {text.Length} characters");
        }

        return _endpoint is null ? new ModelReply(text.ToString(), calls) : new ModelReply(_endpoint.Redact(text.ToString()), [.. calls.Select(Redacted)]) { Exact = text.ToString() };
    }

    // A provider that echoes the key must not bring it into a transcript, nor back into the conversation.
    private FunctionCallContent Redacted(FunctionCallContent call) => NativeTools.Json(call) is var json && _endpoint!.Redact(json) == json
        ? call
        : new FunctionCallContent(call.CallId, _endpoint.Redact(call.Name), call.Arguments?.ToDictionary(a => a.Key, a => (object?)_endpoint.Redact(NativeTools.Text(a.Value))));
}
