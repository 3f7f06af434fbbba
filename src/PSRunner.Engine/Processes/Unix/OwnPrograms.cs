using System.Collections.Concurrent;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// The programs that any keeper of this process started and has not reaped: several batches may run in one shell, and none
/// may take another's program for a dead orphan and fetch its exit code.
/// </summary>
internal static class OwnPrograms
{
    private static readonly ConcurrentDictionary<int, bool> Pids = new();
    private static int s_starting;

    /// <summary>True while a program may run that is not known here yet.</summary>
    public static bool AnyStarting => Volatile.Read(ref s_starting) > 0;

    /// <summary>A program is about to be started.</summary>
    public static void BeginStart() => Interlocked.Increment(ref s_starting);

    /// <summary>It was started and added, or not started.</summary>
    public static void EndStart() => Interlocked.Decrement(ref s_starting);

    /// <summary>A program was started.</summary>
    public static void Add(int pid) => Pids[pid] = true;

    /// <summary>Its keeper has reaped it.</summary>
    public static void Remove(int pid) => Pids.TryRemove(pid, out _);

    /// <summary>True for a program that its keeper will reap.</summary>
    public static bool Contains(int pid) => Pids.ContainsKey(pid);
}
