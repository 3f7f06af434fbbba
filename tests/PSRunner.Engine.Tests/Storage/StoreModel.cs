using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>What must be true of a run folder: the simplest store there is, fed with the same records.</summary>
internal sealed class StoreModel
{
    /// <summary>The result that counts, by case.</summary>
    public SortedDictionary<int, TestResult> Results { get; } = [];

    public OpenSet Open { get; } = new();

    /// <summary>The group that is being written. After a crash any of its records may be there: nobody was told of them.</summary>
    public List<JournalRecord> OnTheWay { get; } = [];

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

    /// <summary>The group is durable: from now on all of it must be there.</summary>
    public void Acknowledge()
    {
        OnTheWay.ForEach(Apply);
        OnTheWay.Clear();
    }

    /// <summary>What a folder says that it may not say; empty when all is well. Changes nothing.</summary>
    public List<string> Compare(RunFolder folder, IStoreFiles files, FakePlan plan)
    {
        var scan = RunScan.Read(folder, files, plan.BatchId, plan.Count);
        var found = new ResultReader(folder, plan, files).Read().ToList();
        var results = found.DistinctBy(result => result.Index).ToDictionary(result => result.Index);
        var wrong = scan.Findings.Where(finding => finding.IsCorrupt).Select(finding => finding.ToString()).ToList();
        if (found.Count != results.Count || found.Count != scan.Index.Outcomes.Count(outcome => outcome != 0))
        {
            wrong.Add($"{found.Count} results are read, of {results.Count} cases, and {scan.Index.Outcomes.Count(outcome => outcome != 0)} are counted");
        }

        for (var index = 0; index < plan.Count; index++)
        {
            var told = Tell(results.GetValueOrDefault(index), scan.Open.Cases.SingleOrDefault(known => known.Index == index, NotOpen));
            var allowed = Allowed(index);
            if (!allowed.Contains(told))
            {
                wrong.Add($"case {index} is {Short(told)}, not {string.Join(" or ", allowed.Select(Short))}");
            }
        }

        return wrong;
    }

    /// <summary>Takes over what was recovered, once it was found to be allowed.</summary>
    public void Adopt(OpenSet open, IEnumerable<TestResult> results)
    {
        OnTheWay.Clear();
        Results.Clear();
        foreach (var result in results)
        {
            Results.Add(result.Index, result);
        }

        Open.Clear();
        open.Cases.ToList().ForEach(Open.Set);
    }

    /// <summary>All of it as comparable text.</summary>
    public string Tell() => Tell(Results.Values, Open);

    public static string Tell(IEnumerable<TestResult> results, OpenSet open) =>
        string.Join('\n', results.OrderBy(r => r.Index).Select(FakePlan.Tell)) + "\nopen:\n" + string.Join('\n', open.Cases);

    private static OpenCase NotOpen { get; } = new() { Index = -1 };

    // A case whose result counts is not open, whatever was said of it before.
    private static string Tell(TestResult? result, OpenCase known) =>
        result is not null ? FakePlan.Tell(result) : known == NotOpen ? "untouched" : known.ToString();

    private static string Short(string told) => told.Length < 120 ? told : told[..120] + "...";

    private HashSet<string> Allowed(int index)
    {
        JournalRecord[] records = [.. OnTheWay.Select(record => About(record, index)).OfType<JournalRecord>()];
        var allowed = new HashSet<string>(StringComparer.Ordinal);
        for (var chosen = 0; chosen < 1 << records.Length; chosen++)
        {
            var possible = new StoreModel();
            if (Results.TryGetValue(index, out var result))
            {
                possible.Results[index] = result;
            }

            foreach (var known in Open.Cases.Where(known => known.Index == index))
            {
                possible.Open.Set(known);
            }

            foreach (var (place, record) in records.Index())
            {
                if ((chosen >> place & 1) == 1)
                {
                    possible.Apply(record);
                }
            }

            allowed.Add(Tell(possible.Results.GetValueOrDefault(index), possible.Open.Cases.SingleOrDefault(NotOpen)));
        }

        return allowed;
    }

    private static JournalRecord? About(JournalRecord record, int index) => record switch
    {
        StartedRecord started => started.Index == index ? record : null,
        AttemptEndedRecord ended => ended.Index == index ? record : null,
        CanceledRecord canceled => canceled.Index == index ? record : null,
        ReopenedRecord reopened => reopened.Index == index ? record : null,
        ResultRecord result => result.Result.Index == index ? record : null,
        OpenRecord open => open.Cases.Where(known => known.Index == index).ToArray() is { Length: > 0 } about ? new OpenRecord(1, 1, about) : null,
        _ => null,
    };
}
