using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSRunner.Completion;

/// <summary>Turns a list of words into completions of what was typed so far, in their order.</summary>
internal static class WordCompletion
{
    public static IEnumerable<CompletionResult> Complete(string typed, IEnumerable<string> words)
    {
        var start = typed.Trim('\'', '"');
        return words
            .Where(word => word.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            .Select(word => new CompletionResult(Quote(word), word, CompletionResultType.ParameterValue, word));
    }

    private static string Quote(string word) =>
        word.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '*')
            ? word
            : "'" + CodeGeneration.EscapeSingleQuotedStringContent(word) + "'";
}
