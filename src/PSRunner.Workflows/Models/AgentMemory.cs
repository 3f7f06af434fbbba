using System.Text;
using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Prompts;

namespace PSRunner.Workflows.Models;

/// <summary>A tool as an agent knows it from what it has read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What was said of it.</param>
/// <param name="WorksBestAfter">Names of tools that should succeed before it.</param>
internal sealed record KnownTool(string Name, string Description, IReadOnlyList<string> WorksBestAfter);

/// <summary>
/// What an agent knows when it is asked: only what stands in the messages. It reads them as a model would, knowing how
/// prompts and answers are worded, and nothing of what the task requires.
/// </summary>
/// <param name="Turn">The number of the reply that is asked for, from 1.</param>
/// <param name="Prompt">The first message of the user.</param>
/// <param name="Plan">The plan in the prompt; null when there is none.</param>
/// <param name="Tools">The tools that searches found, in the order in which they came up.</param>
/// <param name="Searched">The words of all searches so far.</param>
/// <param name="Runs">The tool runs so far.</param>
internal sealed record AgentMemory(
    int Turn,
    string Prompt,
    ShownPlan? Plan,
    IReadOnlyList<KnownTool> Tools,
    IReadOnlyList<string> Searched,
    IReadOnlyList<(string Tool, bool Succeeded)> Runs)
{
    private const string Found = "Tools that match \"", NotFound = "No tool matches \"", Success = ": success";

    /// <summary>Reads the messages.</summary>
    public static AgentMemory Of(IReadOnlyList<ChatMessage> messages)
    {
        var prompt = messages.FirstOrDefault(m => m.Role == ChatRole.User)?.Text ?? "";
        var tools = new Dictionary<string, KnownTool>(StringComparer.Ordinal);
        var searched = new List<string>();
        var runs = new List<(string, bool)>();
        foreach (var message in messages.Where(m => m.Role == ChatRole.User || m.Role == ChatRole.Tool).Skip(1))
        {
            Read(TextOf(message), tools, searched, runs);
        }

        return new AgentMemory(
            1 + messages.Count(m => m.Role == ChatRole.Assistant),
            prompt,
            PlanSection.TryParse(prompt, out var plan) ? plan : null,
            [.. tools.Values],
            searched,
            runs);
    }

    private static void Read(string answer, Dictionary<string, KnownTool> tools, List<string> searched, List<(string Tool, bool Succeeded)> runs)
    {
        var lines = answer.Split('\n');
        var first = lines[0];
        if (first.StartsWith(Feedback.ResultOf, StringComparison.Ordinal))
        {
            var name = first[Feedback.ResultOf.Length..];
            var end = name.LastIndexOf(": ", StringComparison.Ordinal);
            runs.Add((end < 0 ? name : name[..end], first.EndsWith(Success, StringComparison.Ordinal)));
            return;
        }

        foreach (var opening in (string[])[Found, NotFound])
        {
            if (first.StartsWith(opening, StringComparison.Ordinal))
            {
                searched.Add(first[opening.Length..Math.Max(opening.Length, first.LastIndexOf('"'))]);
            }
        }

        foreach (var line in lines.Where(line => line.StartsWith("- ", StringComparison.Ordinal)))
        {
            if (line.IndexOf(": ", StringComparison.Ordinal) is var colon and > 2)
            {
                var rest = line[(colon + 2)..].Split(Feedback.WorksBestAfter, 2);
                tools.TryAdd(line[2..colon], new KnownTool(line[2..colon], rest[0].Trim(), rest.Length < 2 ? [] : rest[1].Split(", ")));
            }
        }
    }

    private static string TextOf(ChatMessage message)
    {
        var text = new StringBuilder(message.Text);
        foreach (var result in message.Contents.OfType<FunctionResultContent>().Where(r => r.Result is string s && s != Feedback.NotCarriedOut))
        {
            text.Append(result.Result);
        }

        return text.ToString();
    }
}
