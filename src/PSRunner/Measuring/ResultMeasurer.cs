using System.Management.Automation;

namespace PSRunner.Measuring;

/// <summary>Groups results and counts them. Only judged results enter rates and means: a provider's timeout says nothing of a model.</summary>
internal static class ResultMeasurer
{
    /// <summary>One measure for each group, ordered by the groups' values; the keys are added as properties.</summary>
    public static IEnumerable<PSObject> Measure(IReadOnlyList<TestResult> results, IReadOnlyList<GroupKey> keys)
    {
        var missing = MissingCases.Count(results, keys);
        return results
            .GroupBy(r => GroupName.Of(keys.Select(k => k.Of(r))))
            .OrderBy(g => g.Key)
            .Select(g => WithKeys(Measure(g.Key, [.. g], missing), keys, g.First()));
    }

    private static TestMeasure Measure(GroupName group, TestResult[] results, MissingCases missing)
    {
        var judged = results.Where(r => r.Scored).ToList();
        var passed = judged.Count(r => r.Outcome == Outcomes.Passed);
        return new TestMeasure
        {
            Group = group.Text,
            Count = results.Length,
            Judged = judged.Count,
            Unjudged = results.Length - judged.Count,
            Missing = missing.In(group, results),
            Passed = passed,
            PassRate = judged.Count == 0 ? double.NaN : (double)passed / judged.Count,

            // In order of size: results come in the order in which they ended, and sums of fractions hang on their order.
            MeanScore = judged.Select(r => r.Score).Where(s => !double.IsNaN(s)).Order().DefaultIfEmpty(double.NaN).Average(),
            MedianDuration = Median([.. results.Select(r => r.DurationSeconds).Where(d => !double.IsNaN(d)).Order()]),
        };
    }

    private static double Median(double[] sorted) => sorted.Length switch
    {
        0 => double.NaN,
        var n when n % 2 == 1 => sorted[n / 2],
        var n => (sorted[(n / 2) - 1] + sorted[n / 2]) / 2,
    };

    private static PSObject WithKeys(TestMeasure measure, IReadOnlyList<GroupKey> keys, TestResult first)
    {
        var shown = new PSObject(measure);
        foreach (var key in keys.Where(k => shown.Properties[k.Name] is null))
        {
            shown.Properties.Add(new PSNoteProperty(key.Name, key.Of(first)));
        }

        return shown;
    }
}
