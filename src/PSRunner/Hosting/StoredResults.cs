namespace PSRunner.Hosting;

/// <summary>The durable results of a run folder, whoever works on it.</summary>
internal static class StoredResults
{
    public static IEnumerable<TestResult> Read(string runFolder)
    {
        throw new NotImplementedException();
    }
}
