using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Agent;

/// <summary>How a conversation is held.</summary>
/// <param name="MaxTurns">Replies a model may use.</param>
/// <param name="Native">True: native function calls; false: tags in the text.</param>
internal sealed record AgentOptions(int MaxTurns = AgentOptions.DefaultMaxTurns, bool Native = false)
{
    /// <summary>As in the old runner.</summary>
    public const int DefaultMaxTurns = 10;
}

/// <summary>
/// Lets a model work on a task: its reply, the first action in it, the result, the next reply. One action a turn, because
/// a model that acts on results it has not seen has made them up (some recorded replies hold whole invented dialogues).
/// Ends as soon as the task is completed: what comes after could only blur what is judged.
/// </summary>
internal sealed class AgentLoop
{
    /// <summary>Replies in a row without any action, readable or not, after which a model has stopped acting.</summary>
    public const int MaxIdleReplies = 3;

    private readonly ModelRequest _request;
    private readonly ToolRegistry _registry;
    private readonly ToolSimulator _simulator;
    private readonly IReadOnlyCollection<string> _required;
    private readonly IReadOnlySet<string> _toolNames;
    private readonly AgentOptions _options;
    private readonly Conversation _conversation = new();
    private readonly List<ChatMessage> _messages = [];
    private long _charsInMessages;

    public AgentLoop(IChatClient client, ToolRegistry registry, ToolSimulator simulator, IReadOnlyCollection<string> required, AgentOptions options, AttemptContext context)
    {
        // Tools are declared, never invoked by the client; one call a turn.
        var chat = options.Native ? new ChatOptions { Tools = NativeTools.Declarations, AllowMultipleToolCalls = false } : new ChatOptions();
        _request = new ModelRequest(client, chat, context);
        _registry = registry;
        _simulator = simulator;
        _required = required;
        _toolNames = registry.All.Select(tool => tool.Name).ToHashSet(StringComparer.Ordinal);
        _options = options;
    }

    /// <summary>Holds the conversation. Does not throw on cancellation: what happened until then is worth keeping.</summary>
    public async Task<Conversation> RunAsync(RenderedPrompt prompt, CancellationToken cancellation)
    {
        Say(0, ChatRole.System, prompt.System);
        Say(0, ChatRole.User, prompt.User);
        try
        {
            _conversation.End = await TakeTurnsAsync(cancellation).ConfigureAwait(false);
        }
        catch (ProviderException error)
        {
            _conversation.Fault = new ProviderFault(error.Cause, error.Message, error.RetryAfter);
            _conversation.End = ConversationEnd.ProviderFault;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _conversation.End = ConversationEnd.Canceled;
        }

        return _conversation;
    }

    private async Task<ConversationEnd> TakeTurnsAsync(CancellationToken cancellation)
    {
        var counts = _conversation.Counts;
        var idle = 0;
        for (var turn = 1; turn <= _options.MaxTurns; turn++)
        {
            cancellation.ThrowIfCancellationRequested();
            counts.Requests++;
            counts.InputChars += _charsInMessages;
            var reply = await _request.SendAsync(_messages, turn, cancellation).ConfigureAwait(false);
            counts.Turns++;
            counts.OutputChars += reply.Text.Length;
            Keep(turn, reply);

            var parsed = reply.Calls.Count > 0 ? NativeTools.Read(reply.Calls, _toolNames) : ReplyParser.Parse(reply.Text, _toolNames);
            counts.ParseGaps += parsed.ParseGaps;
            counts.UnreadableActions += parsed.Refused.Count(r => !r.IsUnknownTool);
            counts.UnreadableCalls += parsed.Refused.Count(r => r is { Kind: ActionKind.Call, IsUnknownTool: false });
            counts.UnknownTools += parsed.Refused.Count(r => r is { Kind: ActionKind.Call, IsUnknownTool: true });
            var claims = CompletionClaim.IsIn(reply.Text);
            counts.Claims += claims ? 1 : 0;
            if (parsed.Actions.Count == 0 && parsed.Refused.Count == 0)
            {
                if (claims)
                {
                    return ConversationEnd.Claimed;
                }

                if (++idle == MaxIdleReplies)
                {
                    return ConversationEnd.StoppedActing;
                }
            }
            else
            {
                idle = 0;
            }

            Answer(turn, reply, parsed);
            if (TaskCompletion.IsCompleted(_required, _registry, _simulator.Runs))
            {
                return ConversationEnd.Completed;
            }
        }

        return ConversationEnd.TurnLimit;
    }

    private void Answer(int turn, ModelReply reply, ParsedReply parsed)
    {
        var counts = _conversation.Counts;
        var done = parsed.Actions.Count > 0 ? parsed.Actions[0] : null;
        var answer = done is not null ? CarryOut(turn, done)
            : parsed.Refused.Count > 0 ? Feedback.Refused(parsed.Refused[0], _options.Native)
            : Feedback.NoAction(_options.Native);
        counts.HelpReplies += done is null ? 1 : 0;
        var ignored = Math.Max(0, parsed.Actions.Count - 1);
        counts.IgnoredActions += ignored;
        if (reply.Calls.Count == 0)
        {
            Say(turn, ChatRole.User, ignored == 0 ? answer : $"{answer}\n{Feedback.OnlyTheFirst(ignored)}");
            return;
        }

        // Every native call must be answered under its id.
        var answered = done?.CallId ?? reply.Calls[0].CallId;
        var results = reply.Calls.Select(call => new FunctionResultContent(call.CallId, call.CallId == answered ? answer : Feedback.NotCarriedOut)).ToList<AIContent>();
        Add(turn, new ChatMessage(ChatRole.Tool, results), answer);
    }

    private string CarryOut(int turn, AgentAction action)
    {
        if (action.Kind == ActionKind.Search)
        {
            _conversation.Counts.Searches++;
            return Feedback.Found(action.Text, _registry.Search(action.Text));
        }

        var tool = _registry.Find(action.Text) ?? throw new InvalidOperationException($"The parser named '{action.Text}', which the registry does not hold.");
        if (action.Kind == ActionKind.Info)
        {
            _conversation.Counts.Infos++;
            return Feedback.Details(tool);
        }

        var run = _simulator.Run(tool);
        _conversation.Runs.Add(new RequestedRun(turn, action.Arguments, run));
        return Feedback.Of(run);
    }

    private void Keep(int turn, ModelReply reply)
    {
        if (reply.Calls.Count == 0)
        {
            Say(turn, ChatRole.Assistant, reply.Text);
            return;
        }

        var contents = reply.Calls.ToList<AIContent>();
        if (reply.Text.Length > 0)
        {
            contents.Insert(0, new TextContent(reply.Text));
        }

        Add(turn, new ChatMessage(ChatRole.Assistant, contents), string.Join('\n', reply.Calls.Select(NativeTools.Json).Prepend(reply.Text).Where(t => t.Length > 0)));
    }

    private void Say(int turn, ChatRole role, string text) => Add(turn, new ChatMessage(role, text), text);

    private void Add(int turn, ChatMessage message, string text)
    {
        _messages.Add(message);
        _charsInMessages += text.Length;
        _conversation.Messages.Add(new SpokenMessage(turn, message.Role.Value, text));
    }
}
