using System.Text.RegularExpressions;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tasks;

/// <summary>Says what a tool does as a phrase that can stand in a task's text, without its name.</summary>
internal static partial class ToolPhrase
{
    private const int MaxLength = 140;

    /// <summary>For example <c>read the content of one stored file</c>.</summary>
    public static string Of(ToolDefinition tool)
    {
        var sentence = FirstSentence(tool.Description.Trim());
        if (Purpose().Match(sentence) is { Success: true } purpose)
        {
            return Cut(purpose.Groups["what"].Value);
        }

        if (Use().Match(sentence) is { Success: true } use)
        {
            return Cut("use what is made for " + use.Groups["what"].Value);
        }

        return sentence.Length == 0 || Noun().IsMatch(sentence)
            ? Cut("use the " + LowerFirst(sentence.Length == 0 ? Spoken(tool.Name) : sentence))
            : Cut(LowerFirst(sentence));
    }

    /// <summary>A tool's or category's name as spoken words: <c>file_operations</c> is <c>file operations</c>.</summary>
    public static string Spoken(string name) => name.Replace('_', ' ').Replace('-', ' ');

    private static string FirstSentence(string text)
    {
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.', ' ');
    }

    private static string Cut(string phrase)
    {
        if (phrase.Length <= MaxLength)
        {
            return phrase;
        }

        var space = phrase.LastIndexOf(' ', MaxLength);
        return phrase[..(space > 0 ? space : MaxLength)].TrimEnd(',', ';', ' ');
    }

    private static string LowerFirst(string text) =>
        text.Length > 1 && char.IsUpper(text[0]) && !char.IsUpper(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;

    [GeneratedRegex(@"^(This tool is (\w+ly )?\w+ )?[Tt]o (?<what>\w.*)$")]
    private static partial Regex Purpose();

    [GeneratedRegex(@"^This tool is (\w+ly )?\w+ for (?<what>\w.*)$")]
    private static partial Regex Use();

    [GeneratedRegex(@"^\w+ (for|of) .*$")]
    private static partial Regex Noun();
}
