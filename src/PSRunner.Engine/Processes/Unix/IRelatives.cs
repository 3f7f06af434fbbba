namespace PSRunner.Engine.Processes.Unix;

/// <summary>How a system finds what belongs to a tree beyond its group. Used by the keeper's thread alone.</summary>
internal interface IRelatives
{
    /// <summary>Forgets what was read before, so that trees ending together share one look.</summary>
    void Refresh();

    /// <summary>
    /// Whether something alive outside the program may be left of a tree, by a cheap look; also reaps its dead that
    /// fell to us. May say yes too often.
    /// </summary>
    bool AnyLeft(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees);

    /// <summary>What is alive of a tree, the program included.</summary>
    IReadOnlyList<Relative> Find(UnixProcessTree tree, IReadOnlyDictionary<int, UnixProcessTree> trees);

    /// <summary>Reaps dead children of this process that belong to no tree and that nobody else fetched since the call before.</summary>
    void ReapOrphans(IReadOnlyDictionary<int, UnixProcessTree> trees);

    /// <summary>The most memory a running process held so far; NaN when not known.</summary>
    double ReadPeakKiB(int pid);

    /// <summary>Memory that a process holds now (KiB); 0 when not known.</summary>
    long ReadMemoryKiB(int pid);

    /// <summary>A process's command line, bounded.</summary>
    string Describe(int pid);
}

/// <summary>A process that belongs to a tree.</summary>
/// <param name="Pid">Its id.</param>
/// <param name="Group">Its process group.</param>
internal readonly record struct Relative(int Pid, int Group);
