using PSRunner.Engine;

namespace PSRunner.Hosting;

/// <summary>The durable results of a run folder, whoever works on it.</summary>
internal static class StoredResults
{
    /// <summary>Reads them one after another.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="warn">Gets what was found damaged; the cases it concerns are left out.</param>
    public static IEnumerable<TestResult> Read(string runFolder, Action<string> warn)
    {
        using var batch = StoredBatch.Open(runFolder);
        foreach (var result in batch.ReadResults())
        {
            yield return result;
        }

        foreach (var finding in batch.Findings)
        {
            warn(finding);
        }
    }
}
