using System.Buffers;

namespace PSRunner.Workflows.Agent;

/// <summary>Whether a reply says that the task is done. Decides nothing but why a case failed: Passed asks the tool runs.</summary>
internal static class CompletionClaim
{
    private const int MaxReach = 60;

    // The phrases of the old runner (facts 2.4, rule 6), so that its numbers can be compared.
    private static readonly string[] Phrases =
    [
        "task_completed", "task completed", "task is complete", "finished executing", "all steps completed", "workflow complete",
        "done with the task", "successfully completed the task", "task has been completed",
    ];

    /// <summary>Words that make a condition of what follows them in a sentence: some models recite "if task is complete, say so".</summary>
    private static readonly string[] Conditions = ["if", "when", "once", "until", "unless"];

    private static readonly SearchValues<char> SentenceEnds = SearchValues.Create(".!?:;\n");

    /// <summary>True when a phrase occurs, in any case, outside of thoughts, and not as a condition.</summary>
    public static bool IsIn(string reply)
    {
        var said = Thoughts.Without(reply);
        return Array.Exists(Phrases, phrase => IsIn(said, phrase));
    }

    private static bool IsIn(string said, string phrase)
    {
        for (var at = 0; (at = said.IndexOf(phrase, at, StringComparison.OrdinalIgnoreCase)) >= 0; at += phrase.Length)
        {
            var before = said.AsSpan(Math.Max(0, at - MaxReach), Math.Min(at, MaxReach));
            var sentence = before[(before.LastIndexOfAny(SentenceEnds) + 1)..].ToString();
            if (!Tools.Words.Of(sentence).Exists(word => Conditions.Contains(word)))
            {
                return true;
            }
        }

        return false;
    }
}
