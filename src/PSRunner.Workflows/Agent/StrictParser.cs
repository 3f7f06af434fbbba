namespace PSRunner.Workflows.Agent;

/// <summary>
/// What the parser of the old runner saw: a tag written to the letter, with its own closing tag somewhere behind it. Kept
/// only to count what it missed; that rule alone scored whole models 0 % (<c>facts 2.4, 2.10</c>).
/// </summary>
internal static class StrictParser
{
    /// <summary>Where the tags begin that it would have seen.</summary>
    public static HashSet<int> FindStarts(string reply, IReadOnlyList<Tag> tags)
    {
        var starts = new HashSet<int>();
        Span<int> open = [-1, -1, -1];
        foreach (var tag in tags.Where(tag => IsToTheLetter(reply, tag)))
        {
            ref var start = ref open[(int)tag.Kind];
            if (tag.IsClosing)
            {
                if (start >= 0)
                {
                    starts.Add(start);
                }

                start = -1;
            }
            else if (start < 0)
            {
                start = tag.Start;
            }
        }

        return starts;
    }

    private static bool IsToTheLetter(string reply, Tag tag) =>
        reply.AsSpan(tag.Start, tag.End - tag.Start).SequenceEqual($"<{(tag.IsClosing ? "/" : "")}{TagScanner.NameOf(tag.Kind)}>");
}
