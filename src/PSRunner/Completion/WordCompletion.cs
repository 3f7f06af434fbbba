using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSRunner.Completion;

/// <summary>Turns a list of words into completions of what was typed so far.</summary>
internal static class WordCompletion
{
    public static IEnumerable<CompletionResult> Complete(string typed, IEnumerable<string> words, bool inOrder = false)
    {
        var start = typed.Trim('\'', '"');
        var matches = words.Where(word => word.StartsWith(start, StringComparison.OrdinalIgnoreCase));
        return (inOrder ? matches : matches.Order(StringComparer.OrdinalIgnoreCase))
            .Select(word => new CompletionResult(Quote(word), word, CompletionResultType.ParameterValue, word));
    }

    private static string Quote(string word) =>
        word.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.')
            ? word
            : "'" + CodeGeneration.EscapeSingleQuotedStringContent(word) + "'";
}
