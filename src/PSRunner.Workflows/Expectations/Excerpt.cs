namespace PSRunner.Workflows.Expectations;

/// <summary>A text as a message shows it: quoted, in one line, and not too long.</summary>
internal static class Excerpt
{
    /// <summary>Characters that are shown.</summary>
    public const int MostChars = 160;

    /// <summary>The excerpt.</summary>
    public static string Of(string text)
    {
        var line = text.ReplaceLineEndings("⏎");
        return line.Length <= MostChars ? $"'{Line(line)}'" : $"'{Line(line)}' ({text.Length} characters)";
    }

    /// <summary>The text without the characters that move a cursor, and not too long.</summary>
    public static string Line(string text, int most = MostChars) =>
        string.Concat((text.Length <= most ? text : $"{text[..most]}…").Select(c => char.IsWhiteSpace(c) ? ' ' : char.IsControl(c) ? '\uFFFD' : c));
}
