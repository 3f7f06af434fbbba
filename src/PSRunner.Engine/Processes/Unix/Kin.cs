namespace PSRunner.Engine.Processes.Unix;

/// <summary>Ancestry over one reading of the process table.</summary>
internal static class Kin
{
    /// <summary>Every process that can be seen.</summary>
    public static List<ProcessEntry> All(ProcFiles proc)
    {
        var all = new List<ProcessEntry>();
        foreach (var pid in ProcFiles.Pids())
        {
            if (proc.TryReadEntry(pid, out var entry))
            {
                all.Add(entry);
            }
        }

        return all;
    }

    /// <summary>Some processes and everything below them.</summary>
    public static HashSet<int> WithDescendants(List<ProcessEntry> all, IEnumerable<int> seeds)
    {
        var found = seeds.ToHashSet();
        bool grew;
        do
        {
            // Once more: the table is not sorted by age where numbers have wrapped round.
            grew = false;
            foreach (var process in all)
            {
                grew |= found.Contains(process.Parent) && found.Add(process.Pid);
            }
        }
        while (grew);

        return found;
    }
}
