using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>What must be true of a run folder: the simplest store there is, fed with the same records.</summary>
internal sealed class StoreModel
{
    /// <summary>The result that counts, by case.</summary>
    public SortedDictionary<int, TestResult> Results { get; } = [];

    public OpenSet Open { get; } = new();

    public void Apply(JournalRecord record)
    {
        Open.Apply(record);
        if (record is ResultRecord { Result: var result })
        {
            Results[result.Index] = result;
        }
        else if (record is ReopenedRecord reopened)
        {
            Results.Remove(reopened.Index);
        }
    }

    /// <summary>All of it as comparable text.</summary>
    public string Tell() => Tell(Results.Values, Open);

    public static string Tell(IEnumerable<TestResult> results, OpenSet open) =>
        string.Join('\n', results.OrderBy(r => r.Index).Select(FakePlan.Tell)) + "\nopen:\n" + string.Join('\n', open.Cases);
}
