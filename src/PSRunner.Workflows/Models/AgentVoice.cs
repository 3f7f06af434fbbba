using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Models;

/// <summary>What an agent wants to do next.</summary>
/// <param name="Kind">The action; null: it only talks.</param>
/// <param name="Text">A tool's name, or the words of a search; empty when it only talks.</param>
/// <param name="Thought">What it says beside.</param>
internal sealed record AgentDecision(ActionKind? Kind, string Text, string Thought);

/// <summary>Writes decisions as replies.</summary>
internal static class AgentVoice
{
    /// <summary>The reply in tags.</summary>
    /// <param name="decision">What to say.</param>
    /// <param name="closesCallTags">False: a call ends with its name, as that of some recorded models did.</param>
    public static string Write(AgentDecision decision, bool closesCallTags)
    {
        if (decision.Kind is not { } kind)
        {
            return decision.Thought;
        }

        var name = TagScanner.NameOf(kind);
        var end = kind == ActionKind.Call && !closesCallTags ? "" : $"</{name}>";
        return $"{decision.Thought}\n<{name}>{decision.Text}{end}";
    }
}
