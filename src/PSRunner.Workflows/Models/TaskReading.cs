using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Models;

/// <summary>How an agent reads a task: the phrases that sound like steps, and how well a phrase fits a description.</summary>
internal static class TaskReading
{
    private const string TaskHeading = "## Task\n";
    private const int MaxPhrases = 12;

    private static readonly string[] StepMarks = ["first ", "then ", "and finally ", "finally ", "in the end"];

    /// <summary>Whether a prompt sets a task for tools.</summary>
    public static bool HasTask(string prompt) => prompt.Contains(TaskHeading, StringComparison.Ordinal);

    /// <summary>The task's text in a prompt; the whole prompt when it has no such part.</summary>
    public static string TaskOf(string prompt)
    {
        var start = prompt.IndexOf(TaskHeading, StringComparison.Ordinal);
        var text = start < 0 ? prompt : prompt[(start + TaskHeading.Length)..];
        var end = start < 0 ? -1 : text.IndexOf("\n\n", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).ReplaceLineEndings(" ").Trim();
    }

    /// <summary>The phrases of a task that sound like steps, in their order; none when it is too vague.</summary>
    public static IReadOnlyList<string> Phrases(string task)
    {
        var sentences = task.Split(". ", StringSplitOptions.RemoveEmptyEntries);

        // What follows a colon or says "first ... then" tells steps; what surrounds it tells the purpose.
        var telling = sentences.Where(s => s.Contains(": ", StringComparison.Ordinal) || Array.Exists(StepMarks, m => s.Contains(m, StringComparison.OrdinalIgnoreCase))).ToList();
        return
        [
            .. (telling.Count > 0 ? telling : [.. sentences])
                .Select(s => s[(s.LastIndexOf(": ", StringComparison.Ordinal) is var colon and >= 0 ? colon + 2 : 0)..])
                .SelectMany(s => s.Split([',', ';', '(', ')', '.'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                .Select(WithoutMark)
                .Where(p => Words.Of(p).Count > 1)
                .Take(MaxPhrases),
        ];
    }

    /// <summary>The share of a phrase's words that a description holds, 0 to 1.</summary>
    public static double Fit(string phrase, string description)
    {
        var words = Words.Of(phrase);
        var others = Words.Of(description);
        return words.Count == 0 ? 0 : words.Average(word => others.Count == 0 ? 0 : others.Max(other => Words.Match(word, other)));
    }

    private static string WithoutMark(string phrase)
    {
        var mark = Array.Find(StepMarks, m => phrase.StartsWith(m, StringComparison.OrdinalIgnoreCase));
        return mark is null ? phrase : phrase[mark.Length..].Trim();
    }
}
