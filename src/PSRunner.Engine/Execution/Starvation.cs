using System.Globalization;

namespace PSRunner.Engine.Execution;

/// <summary>
/// Whether this process itself was held up: its conductor woke late (a long collection of garbage, a machine with more work
/// than processors), or no thread of the pool was free. Then silence proves nothing about a test, and a timeout is told with
/// what was wrong here, so that one's own overload is not read as a slow test or provider.
/// </summary>
/// <param name="time">The batch's clock.</param>
internal sealed class Starvation(TimeProvider time)
{
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(1);
    private const double FullyUsed = 0.9;
    private const int ThreadsAtOnce = 32;
    private const int MostThreads = 1024;

    private readonly Probe _probe = new();
    private TimeSpan? _askedAt;
    private TimeSpan _lastLag;
    private TimeSpan _lagAt = TimeSpan.MinValue;
    private TimeSpan _poolWait;
    private TimeSpan _poolAt = TimeSpan.MinValue;
    private (long At, TimeSpan Used) _cpu = (time.GetTimestamp(), CpuUsed());
    private (long At, TimeSpan Used) _look = (time.GetTimestamp(), CpuUsed());
    private double _cpuShare;

    /// <summary>When this process was last seen held up, on the session's clock; work that was not done before proves nothing.</summary>
    public TimeSpan HeldUntil { get; private set; }

    /// <summary>The conductor woke this much later than it had to.</summary>
    public void Woke(TimeSpan late, TimeSpan now)
    {
        if (late >= Noticeable)
        {
            (_lastLag, _lagAt, HeldUntil) = (late, now, now);
        }
    }

    /// <summary>Looks, a few times a second, whether the pool has a free thread and what this process uses of the processors.</summary>
    public void Look(TimeSpan now)
    {
        if (_askedAt is not { } asked || _probe.HasRun)
        {
            _askedAt = now;
            _probe.Ask();
        }
        else if (now - asked >= Noticeable)
        {
            (_poolWait, _poolAt, HeldUntil) = (now - asked, now, now);
            AddThreads();
        }
        else if (ShareSince(_look) < FullyUsed)
        {
            AddThreads(); // Nobody computes: what has the threads blocks them.
        }

        _look = (time.GetTimestamp(), CpuUsed());

        if (time.GetElapsedTime(_cpu.At) >= Noticeable)
        {
            _cpuShare = ShareSince(_cpu);
            _cpu = (time.GetTimestamp(), CpuUsed());
        }
    }

    /// <summary>What held this process up since a moment; empty when nothing did.</summary>
    public string DescribeSince(TimeSpan since)
    {
        var found = new List<string>();
        if (_poolAt >= since)
        {
            found.Add(string.Create(CultureInfo.InvariantCulture, $"no thread of the pool was free for {_poolWait.TotalSeconds:0.#} s ({ThreadPool.PendingWorkItemCount} items waited)"));
        }

        if (_lagAt >= since)
        {
            found.Add(string.Create(CultureInfo.InvariantCulture, $"its conductor woke {_lastLag.TotalSeconds:0.#} s late"));
        }

        if (_cpuShare >= FullyUsed)
        {
            found.Add(string.Create(CultureInfo.InvariantCulture, $"it used {Math.Min(_cpuShare, 1):0%} of all processors"));
        }

        return found.Count == 0 ? "" : $"; the runner itself was starved: {string.Join(", ", found)}";
    }

    // Of all processors, 0 to 1.
    private double ShareSince((long At, TimeSpan Used) then) =>
        time.GetElapsedTime(then.At) is { Ticks: > 0 } elapsed ? (CpuUsed() - then.Used) / (elapsed * Environment.ProcessorCount) : 1;

    // The pool itself adds one or two a second. Ending a test needs threads too: one to cancel it, one to tell its end.
    private static void AddThreads()
    {
        ThreadPool.GetMinThreads(out _, out var ports);
        ThreadPool.SetMinThreads(Math.Min(ThreadPool.ThreadCount + ThreadsAtOnce, MostThreads), ports);
    }

    private static TimeSpan CpuUsed() => Environment.CpuUsage.TotalTime;

    private sealed class Probe : IThreadPoolWorkItem
    {
        private bool _hasRun;

        public bool HasRun => Volatile.Read(ref _hasRun);

        public void Ask()
        {
            Volatile.Write(ref _hasRun, false);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        public void Execute() => Volatile.Write(ref _hasRun, true);
    }
}
