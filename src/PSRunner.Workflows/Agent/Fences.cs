namespace PSRunner.Workflows.Agent;

/// <summary>Markdown's marks of code around a text.</summary>
internal static class Fences
{
    /// <summary>The text without white space and without backquotes at both ends; a fence's language goes too.</summary>
    public static ReadOnlySpan<char> Strip(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (text.StartsWith("```"))
        {
            text = text.TrimStart('`');
            var line = text.IndexOf('\n');
            var language = line < 0 ? [] : text[..line].Trim();
            if (language.Length is > 0 and <= 10 && language.IndexOfAnyExceptInRange('a', 'z') < 0)
            {
                text = text[line..];
            }
        }

        // A fence that was opened before the tag ends behind it; one that is opened behind it holds the arguments.
        return text.Trim().Trim('`').Trim();
    }
}
