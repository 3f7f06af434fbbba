namespace PSRunner.Workflows.Cases;

/// <summary>PowerShell's wildcards: <c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[a-c]</c>, in any case; a backquote makes the next of
/// them itself. So is an unclosed <c>[</c>.</summary>
internal static class Wildcard
{
    /// <summary>True when the pattern fits the whole text. Time grows with pattern times text at most.</summary>
    public static bool IsMatch(string pattern, string text)
    {
        int p = 0, t = 0, star = -1, retry = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                retry = t;
            }
            else if (p < pattern.Length && MatchesOne(pattern, p, text[t], out var length))
            {
                p += length;
                t++;
            }
            else if (star >= 0)
            {
                // The last star takes one character more.
                p = star + 1;
                t = ++retry;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    /// <summary>A pattern that fits this text alone.</summary>
    public static string Escape(string text) => string.Concat(text.Select(c => c is '*' or '?' or '[' or ']' or '`' ? $"`{c}" : c.ToString()));

    private static bool MatchesOne(string pattern, int at, char c, out int length)
    {
        length = 1;
        if (pattern[at] == '?')
        {
            return true;
        }

        if (pattern[at] == '`' && at + 1 < pattern.Length)
        {
            length = 2;
            return Fold(pattern[at + 1]) == Fold(c);
        }

        var end = pattern[at] == '[' ? pattern.IndexOf(']', at + 1) : -1;
        if (end < 0)
        {
            return Fold(pattern[at]) == Fold(c);
        }

        length = end - at + 1;
        for (var i = at + 1; i < end; i++)
        {
            var isRange = i + 2 < end && pattern[i + 1] == '-';
            if (Fold(c) >= Fold(pattern[i]) && Fold(c) <= Fold(pattern[isRange ? i + 2 : i]))
            {
                return true;
            }

            i += isRange ? 2 : 0;
        }

        return false;
    }

    private static char Fold(char c) => char.ToLowerInvariant(c);
}
