namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// macOS: process groups only. The system adopts orphans itself and does not show us whose they were, so a child that
/// makes a session of its own is out of reach; it is neither ended nor reported.
/// </summary>
internal sealed class MacProcessTrees : IRelatives
{
    /// <summary>Makes the component.</summary>
    public static IProcessTrees Create() => new UnixProcessTrees(new PollingExitWatch(), new MacProcessTrees());

    public void Refresh()
    {
    }

    public bool AnyLeft(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees) => false;

    public IReadOnlyList<Relative> Find(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees) =>
        Libc.Kill(-tree.Pid, 0) == 0 ? [new Relative(tree.Pid, tree.Pid)] : [];

    public void ReapOrphans(IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
    }

    public double ReadPeakKiB(int pid) => double.NaN;

    public long ReadMemoryKiB(int pid) => 0;

    public string Describe(int pid) => $"process group {pid}";
}
