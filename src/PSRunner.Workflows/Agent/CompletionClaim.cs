namespace PSRunner.Workflows.Agent;

/// <summary>Whether a reply says that the task is done. Decides nothing but why a case failed: Passed asks the tool runs.</summary>
internal static class CompletionClaim
{
    // The phrases of the old runner (facts 2.4, rule 6), so that its numbers can be compared.
    private static readonly string[] Phrases =
    [
        "task_completed", "task completed", "task is complete", "finished executing", "all steps completed", "workflow complete",
        "done with the task", "successfully completed the task", "task has been completed",
    ];

    /// <summary>True when a phrase occurs, in any case.</summary>
    public static bool IsIn(string reply) => Array.Exists(Phrases, phrase => reply.Contains(phrase, StringComparison.OrdinalIgnoreCase));
}
