namespace PSRunner.Workflows.Agent;

/// <summary>
/// Reads what a reply asks for. Tolerant where a reply can mean one thing only: a tag that is never closed, or closed by
/// another opening tag; arguments in any of the ways models write them; code fences. Never guesses: a call that does not
/// name exactly one known tool, exactly, is reported as unreadable.
/// </summary>
internal static class ReplyParser
{
    /// <summary>Actions (and unreadable ones) beyond this number in one reply are not looked at.</summary>
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
        var unreadable = new List<UnreadableAction>();
        var thoughts = Thoughts.Find(reply);
        Tag? unclosed = null;
        for (var i = 0; i < tags.Count && actions.Count < MaxActions && unreadable.Count < MaxActions; i++)
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
            var reason = thoughts.NeverEndAround(tag.Start)
                ? "it stands in thoughts that were never ended"
                : Read(tag, body, toolNames, actions);
            if (reason is not null)
            {
                unreadable.Add(new UnreadableAction(tag.Kind, body.Length <= MaxFragment ? body : body[..MaxFragment], reason));
            }
        }

        var seen = StrictParser.FindStarts(reply, tags);
        return new ParsedReply(actions, unreadable, actions.Count(a => !seen.Contains(a.Start)));
    }

    /// <summary>Adds the action, or says why there is none.</summary>
    private static string? Read(in Tag tag, string body, IReadOnlySet<string> toolNames, List<AgentAction> actions)
    {
        if (body.Length == 0)
        {
            return "it is empty";
        }

        switch (tag.Kind)
        {
            case ActionKind.Search:
                var line = body.Split('\n', 2)[0].Trim();
                actions.Add(new AgentAction(tag.Kind, line.Length <= MaxSearchWords ? line : line[..MaxSearchWords], null, tag.Start));
                return null;

            default:
                var call = CallBody.Read(body, toolNames);
                if (call.Tool is null)
                {
                    return call.Reason;
                }

                actions.Add(new AgentAction(tag.Kind, call.Tool, tag.Kind == ActionKind.Call ? call.Arguments : null, tag.Start));
                return null;
        }
    }

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
