namespace PSRunner.Engine.Processes;

/// <summary>A started program with everything it started in turn.</summary>
/// <remarks>
/// When the program ends, whatever it left behind is ended too. A tree is over when nothing of it is left or, at the
/// latest, <see cref="VerifyLimit"/> after it was killed; no wait here is longer than that beyond the program's own life.
/// </remarks>
internal abstract class ProcessTree
{
    /// <summary>How long a killed tree may take to vanish before what is left of it is reported instead of waited for.</summary>
    internal static readonly TimeSpan VerifyLimit = TimeSpan.FromMilliseconds(800);

    private readonly TaskCompletionSource<ProcessExit> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The program's process id.</summary>
    public abstract int Pid { get; }

    /// <summary>Waits until the tree is over. Cancellation ends the wait, not the tree.</summary>
    public Task<ProcessExit> WaitAsync(CancellationToken cancellation) => _over.Task.WaitAsync(cancellation);

    /// <summary>
    /// Ends the tree: asks (SIGTERM), gives <paramref name="grace"/> as long as anything of its group lives, then kills.
    /// Zero kills at once. The task ends with the tree, so at most grace and <see cref="VerifyLimit"/> later. A later
    /// call can only shorten the grace. The killing does not need the thread pool, only the task's continuation does.
    /// </summary>
    public Task<ProcessExit> EndAsync(TimeSpan grace)
    {
        RequestEnd(grace);
        return _over.Task;
    }

    /// <summary>Starts ending; returns at once.</summary>
    protected abstract void RequestEnd(TimeSpan grace);

    /// <summary>Tells the waiters that the tree is over.</summary>
    internal void Complete(ProcessExit exit) => _over.TrySetResult(exit);

    /// <summary>Tells the waiters that the component itself failed.</summary>
    internal void Fail(Exception error) => _over.TrySetException(error);
}

/// <summary>How a tree ended.</summary>
internal sealed record ProcessExit
{
    /// <summary>The program's exit code; null when a signal ended it, or when it survived.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the program (<c>SIGKILL</c>); empty when none did.</summary>
    public string Signal { get; init; } = "";

    /// <summary>
    /// The most memory the program, or a child it waited for, held at once (KiB); NaN when not measured. On Linux a
    /// peak below the runner's own size is known only from samples (at most four a second), because the kernel's figure
    /// begins at the size of the process that started the program.
    /// </summary>
    public double PeakMemoryKiB { get; init; } = double.NaN;

    /// <summary>Processor seconds of the program and the children it waited for; NaN when not measured.</summary>
    public double CpuSeconds { get; init; } = double.NaN;

    /// <summary>What its processes held when that was more than they might and they were killed for it (KiB); 0: they were not.</summary>
    public long OverLimitKiB { get; init; }

    /// <summary>Processes outside the program's group that had to be hunted down after it.</summary>
    public int Strays { get; init; }

    /// <summary>What could not be ended within the limit; empty nearly always.</summary>
    public IReadOnlyList<SurvivingProcess> Survivors { get; init; } = [];
}

/// <summary>A process that outlived its killing (or was still dying when the limit passed).</summary>
/// <param name="Pid">Its id.</param>
/// <param name="Command">Its command line, at most 200 characters; its name when that cannot be read.</param>
internal sealed record SurvivingProcess(int Pid, string Command);
