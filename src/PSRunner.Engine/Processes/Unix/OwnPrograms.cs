using System.Collections.Concurrent;
using System.Diagnostics;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// The programs that any keeper of this process started and has not reaped: several batches may run in one shell, and none
/// may take another's program for a dead orphan and fetch its exit code.
/// </summary>
internal static class OwnPrograms
{
    private static readonly ConcurrentDictionary<int, bool> Pids = new();
    private static readonly ConcurrentDictionary<long, long> Starts = new();
    private static long s_lastStart;

    // Longer takes only a program on a disk that does not answer, which may take for ever.
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(10);

    /// <summary>True while a program may run that is not known here yet.</summary>
    public static bool AnyStarting => Starts.Any(start => Stopwatch.GetElapsedTime(start.Value) < LongestStart);

    /// <summary>A program is about to be started.</summary>
    /// <returns>For <see cref="EndStart"/>.</returns>
    public static long BeginStart()
    {
        var start = Interlocked.Increment(ref s_lastStart);
        Starts[start] = Stopwatch.GetTimestamp();
        return start;
    }

    /// <summary>It was started and added, or not started.</summary>
    public static void EndStart(long start) => Starts.TryRemove(start, out _);

    /// <summary>A program was started.</summary>
    public static void Add(int pid) => Pids[pid] = true;

    /// <summary>Its keeper has reaped it.</summary>
    public static void Remove(int pid) => Pids.TryRemove(pid, out _);

    /// <summary>True for a program that its keeper will reap.</summary>
    public static bool Contains(int pid) => Pids.ContainsKey(pid);
}
