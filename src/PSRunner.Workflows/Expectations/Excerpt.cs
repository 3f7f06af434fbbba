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
        return line.Length <= MostChars ? $"'{line}'" : $"'{line[..MostChars]}…' ({text.Length} characters)";
    }
}
