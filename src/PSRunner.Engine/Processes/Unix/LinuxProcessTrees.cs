namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// Linux: this process adopts the orphans of its trees (PR_SET_CHILD_SUBREAPER), so whatever is left of a tree either is
/// in its group or hangs below a child of ours, and looking at our own few children tells whether a tree is gone.
/// </summary>
/// <remarks>
/// Out of reach stays only a process that did all of this: made a session of its own, cleared its environment, closed the
/// output, and lost its parent before anyone looked. It cannot be told from a child that other code of ours started.
/// </remarks>
internal sealed class LinuxProcessTrees : IRelatives
{
    private static readonly Lock AdoptionLock = new();
    private static int _adopters;

    private readonly ProcFiles _proc = new();
    private readonly int _self = Environment.ProcessId;
    private readonly int _session;
    private List<ProcessEntry>? _snapshot;
    private HashSet<int> _dead = [];

    private LinuxProcessTrees() => _session = _proc.TryReadEntry(_self, out var self) ? self.Session : 0;

    /// <summary>Makes the component; orphans are adopted until it is disposed.</summary>
    public static IProcessTrees Create()
    {
        Adopt(+1);
        return new UnixProcessTrees(PidfdExitWatch.Create(), new LinuxProcessTrees(), () => Adopt(-1));
    }

    public void Refresh() => _snapshot = null;

    public bool AnyLeft(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        var left = false;
        foreach (var child in Adopted(trees))
        {
            if (Belongs(child, tree) != false)
            {
                // Counts once more even when dead: it may have left us children since the list was read.
                left = true;
                if (child.Dead)
                {
                    Reap(child.Pid);
                }
            }
        }

        return left;
    }

    public IReadOnlyList<Relative> Find(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        var all = Snapshot();
        var seeds = all.Where(p => p.Pid == tree.Pid || (p.Parent == _self
            ? p.Session != _session && !trees.ContainsKey(p.Pid) && Belongs(p, tree) == true
            : InFamily(p, tree)));
        var found = Kin.WithDescendants(all, seeds.Select(p => p.Pid));
        return [.. all.Where(p => !p.Dead && found.Contains(p.Pid)).Select(p => new Relative(p.Pid, p.Group))];
    }

    public void ReapOrphans(IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        // A daemon that died by itself tells no longer whose it was. Children that .NET starts are in our own session
        // and are not listed here; one that left it is reaped by .NET long before it is seen dead twice.
        var dead = Adopted(trees).Where(c => c.Dead).Select(c => c.Pid).ToHashSet();
        foreach (var pid in dead.Where(_dead.Contains))
        {
            Reap(pid);
        }

        _dead = dead;
    }

    public double ReadPeakKiB(int pid) => _proc.ReadPeakKiB(pid);

    public string Describe(int pid) => _proc.Describe(pid);

    private static bool InFamily(ProcessEntry process, UnixProcessTree tree) =>
        process.Group == tree.Pid || process.Session == tree.Pid
        || tree.IsStray(process.Pid) || tree.IsStray(process.Group) || tree.IsStray(process.Session);

    // Null: cannot be told at this moment. A process that cleared its environment may still hold the tree's output.
    private bool? Belongs(ProcessEntry process, UnixProcessTree tree) =>
        InFamily(process, tree) ? true
        : process.Dead ? false
        : !_proc.TryReadVariable(process.Pid, UnixProcessTrees.TreeVariable, out var tag) ? null
        : tag is not null ? tag == tree.Tag
        : ProcFiles.ReadOutputs(process.Pid).Any(path => path == tree.OutputPath);

    // Children of ours that are neither programs of a tree nor in our own session.
    private List<ProcessEntry> Adopted(IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        var adopted = new List<ProcessEntry>();
        foreach (var pid in _proc.AdoptedChildren() ?? [.. Snapshot().Where(p => p.Parent == _self).Select(p => p.Pid)])
        {
            if (!trees.ContainsKey(pid) && _proc.TryReadEntry(pid, out var child) && child.Session != _session)
            {
                adopted.Add(child);
            }
        }

        return adopted;
    }

    private List<ProcessEntry> Snapshot() => _snapshot ??= Kin.All(_proc);

    // By its number, never "any child": that would steal the children of .NET.
    private static unsafe void Reap(int pid) => _ = Libc.Wait4(pid, null, Libc.WNOHANG, null);

    private static void Adopt(int change)
    {
        lock (AdoptionLock)
        {
            _adopters += change;
            _ = Libc.Prctl(Libc.PR_SET_CHILD_SUBREAPER, _adopters > 0 ? 1u : 0u);
        }
    }
}
