using System.Collections;
using PSRunner.Engine;

namespace PSRunner.Measuring;

/// <summary>
/// Counts, group by group, the planned cases that are not among the results at hand. A resume emits only what it ran and
/// looks like the batch; this column says that it is not.
/// </summary>
internal sealed class MissingCases
{
    private readonly Dictionary<(string RunFolder, GroupName Group), int> _counts = [];
    private readonly HashSet<string> _readable = new(StringComparer.Ordinal);
    private readonly bool _isKnowable;

    private MissingCases(bool isKnowable) => _isKnowable = isKnowable;

    /// <summary>Reads the plans of the batches that the results come from, where something can be missing.</summary>
    public static MissingCases Count(IReadOnlyList<TestResult> results, IReadOnlyList<GroupKey> keys)
    {
        var missing = new MissingCases(keys.All(k => k.OfPlanned is not null || k.IsOfBatch));
        if (missing._isKnowable)
        {
            foreach (var batch in results.GroupBy(r => r.RunFolder, StringComparer.Ordinal))
            {
                missing.Add(batch.Key, [.. batch], keys);
            }
        }

        return missing;
    }

    /// <summary>The count of a group; NaN when the plan cannot tell.</summary>
    public double In(GroupName group, IReadOnlyList<TestResult> results)
    {
        var folders = results.Select(r => r.RunFolder).Distinct(StringComparer.Ordinal).ToList();
        return _isKnowable && folders.All(_readable.Contains)
            ? folders.Sum(folder => (double)_counts.GetValueOrDefault((folder, group)))
            : double.NaN;
    }

    private void Add(string runFolder, IReadOnlyList<TestResult> results, IReadOnlyList<GroupKey> keys)
    {
        try
        {
            using var plan = StoredBatch.Open(runFolder);
            var present = new BitArray(plan.Count);
            foreach (var result in results.Where(r => r.Index >= 0 && r.Index < plan.Count))
            {
                present[result.Index] = true;
            }

            for (var i = 0; i < plan.Count; i++)
            {
                if (!present[i])
                {
                    var planned = plan.Load(i);
                    var group = GroupName.Of(keys.Select(k => k.IsOfBatch ? k.Of(results[0]) : k.OfPlanned!(planned)));
                    _counts[(runFolder, group)] = _counts.GetValueOrDefault((runFolder, group)) + 1;
                }
            }

            _readable.Add(runFolder);
        }
        catch (TestBatchException)
        {
            // The folder was moved or removed since the results were read: nothing can be said of what is missing.
            _readable.Remove(runFolder);
        }
    }
}
