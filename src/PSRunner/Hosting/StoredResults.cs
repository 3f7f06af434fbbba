using PSRunner.Engine;

namespace PSRunner.Hosting;

/// <summary>The durable results of a run folder, whoever works on it.</summary>
internal static class StoredResults
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads them, and goes on with those that come until no process works on the batch.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="warn">Gets what was found damaged, once.</param>
    /// <param name="canceled">Signaled when no more is wanted.</param>
    public static IEnumerable<TestResult> Follow(string runFolder, Action<string> warn, WaitHandle canceled)
    {
        var seen = new HashSet<(int Index, int Attempt)>();
        var warned = new HashSet<string>(StringComparer.Ordinal);
        var done = -1;
        bool isAlive;
        do
        {
            // Looked at before reading, so that the last results are read after the end.
            var batch = Batches.Read(runFolder);
            isAlive = Batches.IsAlive(batch);
            var began = TimeProvider.System.GetTimestamp();
            if (batch.Done != done || !isAlive)
            {
                done = batch.Done;
                foreach (var result in Read(runFolder, Once).Where(r => seen.Add((r.Index, r.Attempt))))
                {
                    yield return result;
                }
            }

            // Each look reads the whole journal: the larger it is, the rarer, so that a follower takes little of the machine.
            var pause = 4 * TimeProvider.System.GetElapsedTime(began);
            if (isAlive && canceled.WaitOne(pause < LookEvery ? LookEvery : pause))
            {
                yield break;
            }
        }
        while (isAlive);

        void Once(string finding)
        {
            if (warned.Add(finding))
            {
                warn(finding);
            }
        }
    }

    /// <summary>Reads them one after another.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="warn">Gets what was found damaged; the cases it concerns are left out.</param>
    /// <param name="allAttempts">True: also those that a case run again has replaced.</param>
    public static IEnumerable<TestResult> Read(string runFolder, Action<string> warn, bool allAttempts = false)
    {
        using var batch = StoredBatch.Open(runFolder);
        foreach (var result in allAttempts ? batch.ReadAllAttempts() : batch.ReadResults())
        {
            yield return result;
        }

        foreach (var finding in batch.Findings)
        {
            warn(finding);
        }
    }
}
