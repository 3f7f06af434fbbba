namespace PSRunner.Workflows.Agent;

/// <summary>
/// Reads what a reply asks for. Tolerant where a reply can mean one thing only: a tag that is never closed, or closed by
/// another opening tag; arguments in any of the ways models write them; code fences. Never guesses: a call that does not
/// name exactly one known tool, exactly, is refused.
/// </summary>
internal static class ReplyParser
{
    /// <summary>Actions (and refused ones) beyond this number in one reply are not looked at.</summary>
    public const int MaxActions = 100;

    private const int MaxFragment = 200;
    private const int MaxBody = 64 * 1024;

    /// <summary>Characters of a search that count.</summary>
    public const int MaxSearchWords = 500;

    /// <summary>What ends a model's turn in its raw format; nothing behind it belongs to an open tag.</summary>
    private static readonly string[] TurnMarks = ["</s>", "<|", "</think", "<think"];

    /// <summary>Reads a reply in time proportional to its length.</summary>
    /// <param name="reply">The text of the reply.</param>
    /// <param name="toolNames">The names of all tools, compared ordinally.</param>
    public static ParsedReply Parse(string reply, IReadOnlySet<string> toolNames)
    {
        var tags = TagScanner.Scan(reply).ToList();
        if (tags.Count == 0)
        {
            return new ParsedReply([], [], 0);
        }

        var actions = new List<AgentAction>();
        var refused = new List<RefusedAction>();
        var thoughts = Thoughts.Find(reply);
        Tag? unclosed = null;
        for (var i = 0; i < tags.Count && actions.Count < MaxActions && refused.Count < MaxActions; i++)
        {
            var tag = tags[i];
            var end = i + 1 < tags.Count ? tags[i + 1].Start : reply.Length;
            if (tag.IsClosing || thoughts.AreFinishedAround(tag.Start))
            {
                unclosed = null;
                continue;
            }

            var closed = i + 1 < tags.Count && tags[i + 1].IsClosing && tags[i + 1].Kind == tag.Kind;
            var body = BodyOf(reply, tag, end, closed);

            // <tool_call>name<tool_call>: the second tag is the first one's end, misspelt.
            if (body.Length == 0 && !closed && unclosed is { } before && before.Kind == tag.Kind)
            {
                unclosed = null;
                continue;
            }

            unclosed = closed ? null : tag;
            var (action, refusal) = thoughts.NeverEndAround(tag.Start)
                ? (null, Refusal(tag, body, "it stands in thoughts that were never ended"))
                : Read(tag, body, toolNames);
            if (action is not null)
            {
                actions.Add(action);
            }
            else
            {
                refused.Add(refusal!);
            }
        }

        var seen = StrictParser.FindStarts(reply, tags);
        return new ParsedReply(actions, refused, actions.Count(a => !seen.Contains(a.Start)));
    }

    /// <summary>The action, or why there is none.</summary>
    private static (AgentAction? Action, RefusedAction? Refusal) Read(in Tag tag, string body, IReadOnlySet<string> toolNames)
    {
        if (body.Length == 0)
        {
            return (null, Refusal(tag, body, "it is empty"));
        }

        if (tag.Kind == ActionKind.Search)
        {
            var line = body.Split('\n', 2)[0].Trim();
            return (new AgentAction(tag.Kind, line.Length <= MaxSearchWords ? line : line[..MaxSearchWords], null, tag.Start), null);
        }

        var call = CallBody.Read(body, toolNames);
        return call.Tool is null
            ? (null, Refusal(tag, body, call.Reason, call.IsUnknownTool))
            : (new AgentAction(tag.Kind, call.Tool, tag.Kind == ActionKind.Call ? call.Arguments : null, tag.Start), null);
    }

    private static RefusedAction Refusal(in Tag tag, string body, string reason, bool isUnknownTool = false) =>
        new(tag.Kind, body.Length <= MaxFragment ? body : body[..MaxFragment], reason, isUnknownTool);

    private static string BodyOf(string reply, in Tag tag, int end, bool closed)
    {
        var body = reply.AsSpan(tag.End, Math.Min(end - tag.End, MaxBody));
        if (!closed)
        {
            foreach (var mark in TurnMarks)
            {
                var at = body.IndexOf(mark, StringComparison.Ordinal);
                body = at < 0 ? body : body[..at];
            }

            // The reply was cut in the closing tag.
            var last = body.LastIndexOf('<');
            if (last >= 0 && $"</{TagScanner.NameOf(tag.Kind)}>".AsSpan().StartsWith(body[last..], StringComparison.OrdinalIgnoreCase))
            {
                body = body[..last];
            }
        }

        var text = Fences.Strip(body);
        return tag.Attributes.Length == 0 ? text.ToString() : $"{tag.Attributes}\n{text}".Trim();
    }
}
