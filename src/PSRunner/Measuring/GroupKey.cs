using System.Globalization;
using PSRunner.Commands;

namespace PSRunner.Measuring;

/// <summary>One property by which results are grouped.</summary>
/// <param name="Name">As the results spell it.</param>
/// <param name="OfPlanned">Its value on a planned case; null when only results have it (an outcome, a metric).</param>
internal sealed record GroupKey(string Name, Func<TestCase, object?>? OfPlanned)
{
    /// <exception cref="TestBatchException">No result has such a property.</exception>
    public static GroupKey Find(string name, IReadOnlyList<TestResult> results)
    {
        var owner = results.DistinctBy(r => r.Schema).FirstOrDefault(r => TestResultAdapter.FindName(r, name) is not null)
            ?? throw Errors.NotAColumn(name, TestResultAdapter.NamesOf(results[0]));
        var found = TestResultAdapter.FindName(owner, name)!;
        var parameter = owner.Schema.FindParameter(name);
        return found switch
        {
            nameof(TestResult.Kind) => new(found, c => c.Kind),
            nameof(TestResult.Name) => new(found, c => c.Name),
            _ when parameter >= 0 => new(found, c => c.GetParameter(owner.Schema.Parameters[parameter].Source ?? found)),
            _ => new(found, null),
        };
    }

    /// <summary>Its value on a result.</summary>
    public object? Of(TestResult result) => TestResultAdapter.ValueOf(result, Name);

    /// <summary>True when all results of one batch have the same value.</summary>
    public bool IsOfBatch => Name is nameof(TestResult.Batch) or nameof(TestResult.RunFolder);

    /// <summary>A value as a part of a group's name.</summary>
    public static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
