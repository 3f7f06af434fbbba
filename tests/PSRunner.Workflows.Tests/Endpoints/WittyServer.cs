using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using PSRunner.ModelServer;
using PSRunner.Workflows.Models;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>
/// The wit of an embedded model behind the test server. It answers a conversation as the embedded model would in process:
/// which case a conversation is of, and so what its agent is like, it knows by the first messages.
/// </summary>
internal sealed class Wit(string profile)
{
    private readonly ConcurrentDictionary<string, string> _caseOf = new(StringComparer.Ordinal);

    /// <summary>Cases that begin like another.</summary>
    public ConcurrentBag<string> Ambiguous { get; } = [];

    /// <summary>Conversations that begin like this are of a case.</summary>
    public void Learn(IEnumerable<ChatMessage> messages, string caseId)
    {
        var known = _caseOf.GetOrAdd(Opening(messages.Select(m => (m.Role.Value, m.Text))), caseId);
        if (known != caseId)
        {
            Ambiguous.Add(known);
            Ambiguous.Add(caseId);
        }
    }

    /// <summary>The reply to a request; what is of no case, a canary for instance, is answered politely.</summary>
    public ChatReply Reply(ChatRequest request)
    {
        var messages = request.Messages.Select(m => new ChatMessage(new ChatRole(m.Role), m.Text)).ToList();
        if (!_caseOf.TryGetValue(Opening(request.Messages.Select(m => (m.Role, m.Text))), out var caseId))
        {
            return new ChatReply("pong");
        }

        var skill = ModelProfiles.All.Single(p => p.Name == profile).Skill;
        var decision = new AgentMind(skill, caseId, AgentMemory.Of(messages)).Decide();
        return new ChatReply(AgentVoice.Write(decision, skill.ClosesCallTags));
    }

    private static string Opening(IEnumerable<(string Role, string Text)> messages) => string.Join('\n', messages.Take(2).Select(m => $"{m.Role}: {m.Text}"));
}

/// <summary>An embedded model under the name of an endpoint, which remembers what each case begins with.</summary>
internal sealed class InProcess(string name, string profile, Wit wit) : IModelCatalog
{
    public IReadOnlyList<string> Names => [name];

    public IChatClient Create(string model, Engine.Execution.AttemptContext context) =>
        new Remembering(EmbeddedModels.CreateClient(profile, context.CaseId, 1, context.Time, 0), wit, context.CaseId);

    private sealed class Remembering(IChatClient inner, Wit wit, string caseId) : DelegatingChatClient(inner)
    {
        public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            var list = messages.ToList();
            wit.Learn(list, caseId);
            return base.GetStreamingResponseAsync(list, options, cancellationToken);
        }
    }
}
