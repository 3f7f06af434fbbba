namespace PSRunner.Commands;

/// <summary>The lines that tell of a batch's start and end. None is longer than it must be for the id it names.</summary>
internal static class BatchRunReport
{
    /// <summary>What begins, and how to go on if it is cut off.</summary>
    public static IEnumerable<string> Start(TestBatch batch, string atOnce, TimeSpan limit) =>
    [
        $"{batch.Id}: {DisplayText.Cases(batch.Planned)}, {atOnce}, at most {DisplayText.Duration(limit.TotalSeconds)}",
        $"If cut off: Resume-TestBatch {batch.Id}",
    ];

    /// <summary>What goes on here.</summary>
    public static IEnumerable<string> Continue(TestBatch batch, int toRun) =>
        [$"Continuing '{batch.Name}' here: {DisplayText.Count(toRun)} of {DisplayText.Count(batch.Planned)} to run."];

    /// <summary>How it ended, where the results lie, and, when something is pending, how to go on.</summary>
    /// <param name="batch">The batch as it ended.</param>
    /// <param name="seconds">How long this session took.</param>
    /// <param name="resultPath">The run folder as the user would write it.</param>
    /// <param name="sayHowToRead">True after Ctrl+C, when a variable that should hold the results is empty.</param>
    /// <param name="told">What was shown as a warning already and needs not be said again; null: nothing.</param>
    public static IEnumerable<string> End(TestBatch batch, double seconds, string resultPath, bool sayHowToRead, IEnumerable<string>? told = null)
    {
        var counts = DisplayText.OutcomeCounts(batch);
        yield return "";
        yield return $"{batch.Name}: {DisplayText.Count(batch.Done)} of {DisplayText.Count(batch.Planned)} in {DisplayText.Duration(seconds)}"
            + (counts.Length == 0 ? "" : ": " + counts);
        yield return $"Results: {resultPath}";
        if (batch.State == BatchStates.Completed)
        {
            yield break;
        }

        var why = (told ?? []).Aggregate(batch.Message, (left, note) => left.Replace(note, "", StringComparison.Ordinal)).Trim();
        yield return $"{(why.Length == 0 ? batch.State : why.TrimEnd('.'))}; {DisplayText.Count(batch.Planned - batch.Done)} pending.";
        yield return $"Go on: Resume-TestBatch {batch.Id}";
        if (sayHowToRead)
        {
            yield return $"Results so far: Get-TestResult {batch.Id}";
        }
    }
}
