using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Scoring;

/// <summary>Judges recorded conversations again, without any model: after a change of a formula, or to check a result.</summary>
internal static class TranscriptScorer
{
    /// <summary>The score card by today's formulas.</summary>
    /// <param name="content">The bytes of a <c>transcript.jsonl</c>.</param>
    /// <param name="source">Its path, for messages.</param>
    /// <exception cref="TestBatchException">TranscriptInvalid.</exception>
    public static ScoreCard Score(ReadOnlySpan<byte> content, string source)
    {
        var (head, conversation, _) = Transcript.Read(content, source);
        var names = head.Dependencies.SelectMany(d => d.Value.Prepend(d.Key))
            .Concat(head.Task.RequiredTools).Concat(head.CorrectPlan).Concat(conversation.Runs.Select(r => r.Run.Tool))
            .Distinct(StringComparer.Ordinal);

        // Judging asks for names and dependencies only; the rest of a tool's definition is filled in.
        var tools = names.Select(name => new ToolDefinition(name, "recorded", name, [], ["FAILED"], head.Dependencies.GetValueOrDefault(name) ?? []));
        return ScoreCard.Of(head.Task, head.CorrectPlan, new ToolRegistry(tools, source), conversation);
    }
}
