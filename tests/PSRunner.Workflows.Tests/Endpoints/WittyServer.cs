using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using PSRunner.ModelServer;
using PSRunner.Workflows.Models;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>
/// The wit of an embedded model behind the test server. It answers a conversation as the embedded model would in process:
/// which case a conversation is of, and so what its agent is like, it knows by the first messages.
/// </summary>
/// <param name="profiles">The embedded model behind each model name.</param>
internal sealed class Wit(IReadOnlyDictionary<string, string> profiles)
{
    private readonly ConcurrentDictionary<string, string> _caseOf = new(StringComparer.Ordinal);

    /// <summary>Cases that begin like another.</summary>
    public ConcurrentBag<string> Ambiguous { get; } = [];

    public IReadOnlyDictionary<string, string> Profiles => profiles;

    /// <summary>Conversations that begin like this are of a case.</summary>
    public void Learn(string model, IEnumerable<ChatMessage> messages, string caseId)
    {
        var known = _caseOf.GetOrAdd(Opening(model, messages.Select(m => (m.Role.Value, m.Text))), caseId);
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
        if (!_caseOf.TryGetValue(Opening(request.Model, request.Messages.Select(m => (m.Role, m.Text))), out var caseId))
        {
            return new ChatReply("pong");
        }

        var skill = ModelProfiles.All.Single(p => p.Name == profiles[request.Model]).Skill;
        var decision = new AgentMind(skill, caseId, AgentMemory.Of(messages)).Decide();
        return new ChatReply(AgentVoice.Write(decision, skill.ClosesCallTags));
    }

    private static string Opening(string model, IEnumerable<(string Role, string Text)> messages) => model + '\n' + string.Join('\n', messages.Take(2).Select(m => $"{m.Role}: {m.Text}"));
}

/// <summary>Embedded models under the names of endpoints, which remember what each case begins with.</summary>
internal sealed class InProcess(Wit wit) : IModelCatalog
{
    public IReadOnlyList<string> Names => [.. wit.Profiles.Keys];

    public IChatClient Create(string model, Engine.Execution.AttemptContext context) =>
        new Remembering(EmbeddedModels.CreateClient(wit.Profiles[model], context.CaseId, 1, context.Time, 0), wit, model, context.CaseId);

    private sealed class Remembering(IChatClient inner, Wit wit, string model, string caseId) : DelegatingChatClient(inner)
    {
        public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            var list = messages.ToList();
            wit.Learn(model, list, caseId);
            return base.GetStreamingResponseAsync(list, options, cancellationToken);
        }
    }
}
