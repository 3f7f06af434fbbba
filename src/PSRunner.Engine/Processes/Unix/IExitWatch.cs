using System.Collections.Concurrent;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>Tells one thread, without the thread pool, which children may have ended. Never reaps: that is the keeper's.</summary>
internal interface IExitWatch : IDisposable
{
    /// <summary>Begins to watch a child of ours. From any thread.</summary>
    void Add(int pid);

    /// <summary>Ends watching; the keeper calls it when the child was reaped.</summary>
    void Remove(int pid);

    /// <summary>Ends the current or the next wait. From any thread.</summary>
    void Wake();

    /// <summary>Waits for news, for a wake or for the time given, and adds the children that may have ended.</summary>
    void Wait(int milliseconds, List<int> ended);
}

/// <summary>For systems without process descriptors: says fifty times a second that every child may have ended.</summary>
internal sealed class PollingExitWatch : IExitWatch
{
    private const int PeriodMilliseconds = 20;

    private readonly ConcurrentDictionary<int, bool> _pids = new();
    private readonly AutoResetEvent _wake = new(false);

    public void Add(int pid) => _pids[pid] = true;

    public void Remove(int pid) => _pids.TryRemove(pid, out _);

    public void Wake() => _wake.Set();

    public void Wait(int milliseconds, List<int> ended)
    {
        _wake.WaitOne(_pids.IsEmpty ? milliseconds : Math.Min(milliseconds, PeriodMilliseconds));
        ended.AddRange(_pids.Keys);
    }

    public void Dispose() => _wake.Dispose();
}
