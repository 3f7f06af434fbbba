namespace PSRunner.Engine.Processes;

/// <summary>Starts processes so that everything they start can be ended too. One instance serves a whole batch.</summary>
/// <remarks>Disposing it ends, by force and within two seconds, whatever still runs.</remarks>
internal interface IProcessTrees : IDisposable
{
    /// <summary>
    /// Starts a program directly, without a shell. Blocks until the system has loaded it (well under a millisecond on a
    /// local disk), so it belongs on a thread of the attempt, not on the conductor's.
    /// </summary>
    /// <exception cref="ProcessStartException">It could not be started; nothing is left behind.</exception>
    ProcessTree Start(ProcessTreeOptions options);

    /// <summary>Memory that the living trees held when last looked at, a few times a second (KiB); 0 where the system is not asked.</summary>
    long MemoryKiB { get; }
}

/// <summary>Picks the implementation for the system at hand.</summary>
internal static class ProcessTrees
{
    /// <summary>Variable that names the case of a process: <c>batch/case/attempt</c>. Inherited by all it starts.</summary>
    public const string CaseVariable = "PSRUNNER_CASE";

    /// <summary>Variable that tells a program the numbers of the handles it was given.</summary>
    public const string HandlesVariable = "PSRUNNER_HANDLES";

    /// <summary>Makes the component for this system. The environment that children inherit is the one of this moment.</summary>
    public static IProcessTrees Create() =>
        OperatingSystem.IsWindows() ? new Windows.WindowsProcessTrees()
        : OperatingSystem.IsLinux() ? Unix.LinuxProcessTrees.Create()
        : Unix.MacProcessTrees.Create();
}
