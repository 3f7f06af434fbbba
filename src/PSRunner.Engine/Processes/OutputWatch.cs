using System.Collections.Concurrent;

namespace PSRunner.Engine.Processes;

/// <summary>
/// Sees that processes write: one thread looks at the lengths of all their output files, a few times a second. A thread
/// of its own, because a timer needs a free pool thread, and a test must not be called stalled for want of one. Who writes
/// without end must not take the disk from the others: what lies in the middle of a long file, which nobody will read, goes
/// back to it (Linux).
/// </summary>
internal sealed class OutputWatch : IDisposable
{
    // What is kept of a file is its end, and of what a runtime says as it dies the beginning.
    private const long LongestFile = 64 << 20;
    private const long KeptBeginning = 1 << 20;
    private const long KeptEnd = 16 << 20;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Watched, bool> _watched = new();
    private readonly ManualResetEventSlim _closing = new();
    private readonly Thread _thread;

    /// <param name="period">The time between two looks; 250 ms is plenty for stall windows of seconds.</param>
    public OutputWatch(TimeSpan period)
    {
        _thread = new Thread(() => Run(period)) { IsBackground = true, Name = "PSRunner output watch" };
        _thread.Start();
    }

    /// <summary>Calls back, on the watching thread, after each look that found the files changed in length.</summary>
    /// <param name="paths">Files; they need not exist yet.</param>
    /// <param name="onGrowth">Gets the sum of their lengths in bytes; must be quick and not throw.</param>
    /// <param name="starts">Their lengths so far: what was written before is not told. None: they are empty.</param>
    /// <returns>Ends the watching. A call that is under way may still finish afterwards.</returns>
    public IDisposable Watch(IReadOnlyList<string> paths, Action<long> onGrowth, IReadOnlyList<long>? starts = null)
    {
        var watched = new Watched(this, paths, onGrowth, starts ?? new long[paths.Count]);
        _watched[watched] = true;
        return watched;
    }

    /// <summary>One look at everything.</summary>
    internal void Look()
    {
        foreach (var watched in _watched.Keys)
        {
            watched.Look();
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        _closing.Set();
        if (_thread.Join(CloseLimit))
        {
            _closing.Dispose();
        }
    }

    private void Run(TimeSpan period)
    {
        while (!_closing.Wait(period))
        {
            Look();
        }
    }

    private sealed class Watched(OutputWatch owner, IReadOnlyList<string> paths, Action<long> onGrowth, IReadOnlyList<long> starts) : IDisposable
    {
        private long _length = starts.Sum();

        public void Look()
        {
            var lengths = paths.Select(LengthOf).ToList();
            var length = lengths.Sum();
            if (Interlocked.Exchange(ref _length, length) == length)
            {
                return;
            }

            onGrowth(length);
            for (var i = 0; i < lengths.Count; i++)
            {
                if (lengths[i] - starts[i] > LongestFile && OperatingSystem.IsLinux())
                {
                    var middle = starts[i] + KeptBeginning;
                    Unix.Libc.FreeRange(paths[i], middle, lengths[i] - KeptEnd - middle);
                }
            }
        }

        public void Dispose() => owner._watched.TryRemove(this, out _);

        private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
    }
}
