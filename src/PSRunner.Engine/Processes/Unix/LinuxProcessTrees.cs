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
    private readonly bool _listsChildren;
    private List<Orphan>? _orphans;
    private HashSet<int> _dead = [];

    /// <summary>For tests; who starts programs makes the component by <see cref="Create"/>.</summary>
    internal LinuxProcessTrees()
    {
        _session = _proc.TryReadEntry(_self, out var self) ? self.Session : 0;
        _listsChildren = File.Exists($"/proc/{_self}/task/{_self}/children");
    }

    /// <summary>Makes the component; orphans are adopted until it is disposed.</summary>
    public static IProcessTrees Create()
    {
        Adopt(+1);
        return new UnixProcessTrees(PidfdExitWatch.Create(), new LinuxProcessTrees(), () => Adopt(-1));
    }

    public void Refresh() => _orphans = null;

    public bool AnyLeft(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        var left = false;
        foreach (var orphan in Orphans(trees))
        {
            if (Belongs(orphan, tree) != false)
            {
                // Counts once more even when dead: it may have left us children since the list was read.
                left = true;
                if (orphan.Process.Dead)
                {
                    Reap(orphan.Process.Pid);
                }
            }
        }

        return left;
    }

    public IReadOnlyList<Relative> Find(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        var queue = new Queue<int>(Orphans(trees).Where(orphan => Belongs(orphan, tree) == true).Select(orphan => orphan.Process.Pid));
        if (!tree.Reaped)
        {
            queue.Enqueue(tree.Pid);
        }

        // Downwards from the few that are ours, so the cost does not grow with the machine's other processes.
        var seen = new HashSet<int>();
        var found = new List<Relative>();
        while (queue.TryDequeue(out var pid))
        {
            if (seen.Add(pid) && _proc.TryReadEntry(pid, out var process) && !process.Dead)
            {
                found.Add(new Relative(pid, process.Group));
                foreach (var child in _listsChildren ? _proc.Children(pid) : ChildrenByTable(pid))
                {
                    queue.Enqueue(child);
                }
            }
        }

        return found;
    }

    public void ReapOrphans(IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        // A daemon that died by itself tells no longer whose it was. Children that .NET starts are in our own session
        // and are not listed here; one that left it is reaped by .NET long before it is seen dead twice. A program that was
        // just started may have ended before it is known; whoever was seen dead before the last start was over is none.
        if (OwnPrograms.AnyStarting)
        {
            return;
        }

        Refresh();
        var dead = Orphans(trees).Where(o => o.Process.Dead && !OwnPrograms.Contains(o.Process.Pid)).Select(o => o.Process.Pid).ToHashSet();
        foreach (var pid in dead.Where(_dead.Contains))
        {
            Reap(pid);
        }

        _dead = dead;
    }

    public double ReadPeakKiB(int pid) => _proc.ReadPeakKiB(pid);

    public long ReadMemoryKiB(int pid) => _proc.ReadMemoryKiB(pid);

    public string Describe(int pid) => _proc.Describe(pid);

    // Null: cannot be told at this moment. A process that cleared its environment may still hold the tree's output.
    private static bool? Belongs(Orphan orphan, UnixProcessTree tree)
    {
        var process = orphan.Process;
        return process.Group == tree.Pid || process.Session == tree.Pid
            || tree.IsStray(process.Pid) || tree.IsStray(process.Group) || tree.IsStray(process.Session) ? true
            : process.Dead ? false
            : !orphan.IsTold ? null
            : orphan.Tag is not null ? orphan.Tag == tree.Tag
            : orphan.Outputs.Contains(tree.OutputPath);
    }

    // Children of ours that are neither programs of a tree nor in our own session.
    private List<Orphan> Orphans(IReadOnlyDictionary<int, UnixProcessTree> trees)
    {
        if (_orphans is null)
        {
            _orphans = [];

            // The kernel gives orphans to the main thread.
            foreach (var pid in _listsChildren ? _proc.ChildrenOfThread(_self, _self) : ChildrenByTable(_self))
            {
                if (!trees.ContainsKey(pid) && _proc.TryReadEntry(pid, out var process) && process.Session != _session)
                {
                    string? tag = null;
                    var told = !process.Dead && _proc.TryReadVariable(pid, UnixProcessTrees.TreeVariable, out tag);
                    _orphans.Add(new Orphan(process, told, tag, told && tag is null ? [.. ProcFiles.ReadOutputs(pid)] : []));
                }
            }
        }

        return _orphans;
    }

    // For kernels built without lists of children.
    private List<int> ChildrenByTable(int parent) => [.. Kin.All(_proc).Where(p => p.Parent == parent).Select(p => p.Pid)];

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

    // IsTold: whether its environment could be read at that moment.
    private readonly record struct Orphan(ProcessEntry Process, bool IsTold, string? Tag, string[] Outputs);
}
