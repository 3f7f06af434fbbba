using PSRunner.Engine.Processes.Unix;

namespace PSRunner.Engine.Processes;

/// <summary>Ends what an earlier session left running because its runner, and the guardian with it, was killed.</summary>
internal static class ProcessSweep
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Kills every process of a batch, with all that descends from it, and verifies for at most two seconds. Call it
    /// when the batch is owned and before its first start: whoever carries the batch's marker then is a leftover.
    /// </summary>
    /// <param name="markerPrefix">The markers' beginning, <c>batch/</c>.</param>
    /// <param name="time">The batch's clock.</param>
    /// <param name="cancellation">Ends the sweep early.</param>
    /// <returns>
    /// How many were killed, and who survived. On Windows always nothing, because the system ends a dead runner's jobs
    /// itself; on macOS too, because it does not show the environment of others.
    /// </returns>
    public static async Task<SweepReport> EndLeftoversAsync(string markerPrefix, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(markerPrefix);
        if (!OperatingSystem.IsLinux())
        {
            return new SweepReport(0, []);
        }

        var proc = new ProcFiles();
        var killed = new HashSet<int>();
        var start = time.GetTimestamp();
        while (true)
        {
            var left = Find(proc, markerPrefix);
            if (left.Count == 0 || time.GetElapsedTime(start) >= Limit)
            {
                return new SweepReport(killed.Count, [.. left.Select(pid => new SurvivingProcess(pid, proc.Describe(pid)))]);
            }

            foreach (var pid in left)
            {
                _ = Libc.Kill(pid, Libc.SIGKILL);
                killed.Add(pid);
            }

            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        }
    }

    private static List<int> Find(ProcFiles proc, string markerPrefix)
    {
        var all = Kin.All(proc);
        var spared = Ancestors(all);
        var marked = all.Where(p => !p.Dead && !spared.Contains(p.Pid)
            && proc.TryReadVariable(p.Pid, ProcessTrees.CaseVariable, out var marker)
            && marker?.StartsWith(markerPrefix, StringComparison.Ordinal) == true);
        var found = Kin.WithDescendants(all, marked.Select(p => p.Pid));
        return [.. all.Where(p => !p.Dead && found.Contains(p.Pid) && !spared.Contains(p.Pid)).Select(p => p.Pid)];
    }

    // This process and what it runs in: a test may resume the very batch it belongs to.
    private static HashSet<int> Ancestors(List<ProcessEntry> all)
    {
        var parents = all.ToDictionary(p => p.Pid, p => p.Parent);
        var found = new HashSet<int>();
        for (var pid = Environment.ProcessId; pid > 0 && found.Add(pid);)
        {
            pid = parents.GetValueOrDefault(pid);
        }

        return found;
    }
}

/// <summary>What a sweep did.</summary>
/// <param name="Killed">Processes that were killed.</param>
/// <param name="Survivors">Those that were still there after two seconds.</param>
internal sealed record SweepReport(int Killed, IReadOnlyList<SurvivingProcess> Survivors);
