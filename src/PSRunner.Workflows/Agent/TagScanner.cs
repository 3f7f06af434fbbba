namespace PSRunner.Workflows.Agent;

/// <summary>One opening or closing tag of the three.</summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="IsClosing">True for <c>&lt;/tool_call&gt;</c>.</param>
/// <param name="Start">Index of its bracket.</param>
/// <param name="End">Index after its last bracket.</param>
/// <param name="Attributes">What stands in the tag after its name, <c>name="x"</c>; mostly empty.</param>
internal readonly record struct Tag(ActionKind Kind, bool IsClosing, int Start, int End, string Attributes);

/// <summary>
/// Finds the tags of a reply, one pass, no regular expressions: a hostile reply of 10 MB costs time in proportion to its
/// length.
/// </summary>
internal static class TagScanner
{
    private const int MaxAttributeLength = 256;

    private static readonly (string Name, ActionKind Kind)[] Names =
        [("tool_search", ActionKind.Search), ("tool_info", ActionKind.Info), ("tool_call", ActionKind.Call)];

    /// <summary>The name of a tag.</summary>
    public static string NameOf(ActionKind kind) => Array.Find(Names, n => n.Kind == kind).Name;

    /// <summary>All tags of a reply in their order. A tag alone in backquotes is talk about a tag, not a tag.</summary>
    public static IEnumerable<Tag> Scan(string reply)
    {
        for (var at = NextBracket(reply, 0); at >= 0; at = NextBracket(reply, at + 1))
        {
            if (TryRead(reply, at) is { } tag && !IsQuoted(reply, tag))
            {
                yield return tag;
                at = tag.End - 1;
            }
        }
    }

    // Some models of Chinese training write full-width or angle brackets.
    private static int NextBracket(string text, int from) => from >= text.Length ? -1 : text.AsSpan(from).IndexOfAny('<', '〈', '\uFF1C') switch
    {
        < 0 => -1,
        var offset => from + offset,
    };

    private static Tag? TryRead(string text, int start)
    {
        var at = start + 1;
        var closing = at < text.Length && text[at] == '/';
        if (closing)
        {
            at++;
        }

        // Most brackets of a reply are not ours.
        if (at >= text.Length || text[at] is not ('t' or 'T'))
        {
            return null;
        }

        foreach (var (name, kind) in Names)
        {
            if (!text.AsSpan(at).StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var rest = text.AsSpan(at + name.Length);
            rest = rest[..Math.Min(rest.Length, MaxAttributeLength)];
            var end = rest.IndexOfAny(">〉\uFF1E");
            if (end < 0 || rest[..end].IndexOfAny("<〈\uFF1C\r\n") >= 0 || (end > 0 && !char.IsWhiteSpace(rest[0]) && rest[0] != '/'))
            {
                return null;
            }

            return new Tag(kind, closing, start, at + name.Length + end + 1, rest[..end].Trim().TrimEnd('/').Trim().ToString());
        }

        return null;
    }

    private static bool IsQuoted(string text, in Tag tag) =>
        tag.Start > 0 && text[tag.Start - 1] == '`' && tag.End < text.Length && text[tag.End] == '`';
}
