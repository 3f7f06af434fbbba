namespace PSRunner.Workflows.Tools;

/// <summary>How texts are cut into words for search and likeness: lower-case runs of letters and digits, without filler.</summary>
internal static class Words
{
    private const int SharedStemLength = 4;

    private static readonly HashSet<string> Filler =
        ["a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or",
         "that", "the", "their", "this", "to", "tool", "tools", "used", "with"];

    /// <summary>The words of a text in their order, repeats included.</summary>
    public static List<string> Of(string text)
    {
        var words = new List<string>();
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsLetterOrDigit(text[i]))
            {
                start = start < 0 ? i : start;
            }
            else if (start >= 0)
            {
                var word = text[start..i].ToLowerInvariant();
                start = -1;
                if (!Filler.Contains(word))
                {
                    words.Add(word);
                }
            }
        }

        return words;
    }

    /// <summary>1 for the same word, 0.6 when one begins with the other (read, reader), else 0.</summary>
    public static double Match(string one, string other)
    {
        if (string.Equals(one, other, StringComparison.Ordinal))
        {
            return 1;
        }

        var (shorter, longer) = one.Length < other.Length ? (one, other) : (other, one);
        return shorter.Length >= SharedStemLength && longer.StartsWith(shorter, StringComparison.Ordinal) ? 0.6 : 0;
    }
}
