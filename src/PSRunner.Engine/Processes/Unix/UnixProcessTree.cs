namespace PSRunner.Engine.Processes.Unix;

/// <summary>Where a tree is on its way out.</summary>
internal enum TreeState
{
    /// <summary>The program runs and nobody wants it to end.</summary>
    Running,

    /// <summary>It was asked to end.</summary>
    Terminating,

    /// <summary>The program ended or was killed; what is left is being killed.</summary>
    Killing,

    /// <summary>Reported as over although the program survived; waits to be reaped.</summary>
    Survived,

    /// <summary>Nothing is left to do.</summary>
    Over,
}

/// <summary>A tree whose program leads a session of its own. All its fields belong to the keeper's thread.</summary>
/// <param name="pid">The program: leader of its session and of its process group.</param>
/// <param name="tag">The value of <see cref="UnixProcessTrees.TreeVariable"/>, unlike any other tree's.</param>
/// <param name="keeper">Ends it.</param>
internal sealed class UnixProcessTree(int pid, string tag, ProcessKeeper keeper) : ProcessTree
{
    private HashSet<int>? _strays;
    private long _memoryKiB;

    public override int Pid => pid;

    public string Tag => tag;

    /// <summary>The file its standard output goes to.</summary>
    public required string OutputPath { get; init; }

    /// <summary>Its line in the guardian's roster.</summary>
    public int RosterSlot { get; set; }

    /// <summary>The runner's own peak when the program was started: the kernel's figure for the child begins there.</summary>
    public long PeakAtStartKiB { get; init; }

    public TreeState State { get; set; }

    /// <summary>When the state is given up for the next one, in <see cref="Environment.TickCount64"/>.</summary>
    public long Until { get; set; }

    /// <summary>When it is looked at next, news or not.</summary>
    public long Due { get; set; }

    /// <summary>How often it was looked at in this state.</summary>
    public int Looks { get; set; }

    public bool Reaped { get; set; }

    /// <summary>Its group had no member left when last signalled.</summary>
    public bool GroupGone { get; set; }

    public ProcessExit Exit { get; set; } = new();

    public double SampledPeakKiB { get; set; } = double.NaN;

    /// <summary>What it may hold; 0: no limit.</summary>
    public long MemoryLimitKiB { get; init; }

    /// <summary>What it held when last looked at. Read by any thread.</summary>
    public long MemoryKiB { get => Volatile.Read(ref _memoryKiB); set => Volatile.Write(ref _memoryKiB, value); }

    /// <summary>What it held when it was killed for it; 0: it was not.</summary>
    public long OverLimitKiB { get; set; }

    /// <summary>Processes outside the group that had to be killed one by one.</summary>
    public int Strays { get; private set; }

    /// <summary>Whether it is one of those; also asked for a session or group, which keeps its leader's number.</summary>
    public bool IsStray(int process) => _strays?.Contains(process) == true;

    public void NoteStray(int process)
    {
        if ((_strays ??= []).Add(process))
        {
            Strays++;
        }
    }

    protected override void RequestEnd(TimeSpan grace) => keeper.RequestEnd(this, grace);
}
