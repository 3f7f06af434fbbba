using PSRunner.Engine;

namespace PSRunner.Hosting;

/// <summary>The plan with which a batch is to go on, while its cases come and when they have come.</summary>
/// <param name="runFolder">The batch.</param>
internal sealed class ChangedPlan(string runFolder) : IDisposable
{
    private readonly PlanChange _change = new(Executors.For(StoredBatch.OptionsOf(runFolder)));

    /// <summary>The batch.</summary>
    public string RunFolder => runFolder;

    /// <summary>Adds a case.</summary>
    public void Add(TestCase testCase) => _change.Add(testCase);

    /// <summary>No more cases come.</summary>
    /// <returns>What the change would mean, in words.</returns>
    public string Freeze()
    {
        _change.Freeze();
        return Describe(_change.Compare(runFolder));
    }

    /// <summary>Makes the change.</summary>
    /// <param name="retryOutcome">Outcomes and causes whose cases run again where the plan has them.</param>
    /// <returns>What it meant, in words.</returns>
    public string Apply(IReadOnlyList<string> retryOutcome) => Describe(_change.Apply(runFolder, retryOutcome));

    public void Dispose() => _change.Dispose();

    private static string Describe(PlanDifference plan) =>
        $"{DisplayText.Count(plan.Added)} added, {DisplayText.Count(plan.Removed)} removed"
        + (plan.Dropped == 0 ? "" : $" ({DisplayText.Count(plan.Dropped)} without a result, now skipped)")
        + $", {DisplayText.Count(plan.Kept)} kept";
}
