namespace PSRunner.Workflows.Tasks;

/// <summary>The words for how vague a task's wording is.</summary>
public static class Difficulties
{
    /// <summary>All difficulties, from the plainest wording to the vaguest.</summary>
    public static IReadOnlyList<string> All { get; } = ["very_easy", "easy", "medium", "hard", "very_hard"];
}
