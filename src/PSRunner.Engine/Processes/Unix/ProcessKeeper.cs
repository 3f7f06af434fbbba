using System.Collections.Concurrent;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// The one thread that reaps the programs we started, ends trees and verifies that they are gone. It calls nothing that
/// can block (no wait without WNOHANG, no pool), so killing works when every other thread of the process is stuck.
/// </summary>
internal sealed partial class ProcessKeeper : IDisposable
{
    private const int LongestPause = 1000;
    private const int SamplePeriod = 250;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly IExitWatch _watch;
    private readonly IRelatives _relatives;
    private readonly Roster _roster;
    private readonly Action _over;
    private readonly Thread _thread;
    private readonly ConcurrentDictionary<int, UnixProcessTree> _trees = new();
    private readonly ConcurrentQueue<(UnixProcessTree Tree, TimeSpan Grace)> _requests = new();
    private readonly List<UnixProcessTree> _ending = [];
    private readonly List<int> _news = [];
    private readonly List<UnixProcessTree> _round = [];
    private long _nextSample;
    private volatile bool _closing;
    private int _starting;
    private bool _done;
    private volatile Exception? _failure;

    /// <param name="watch">Owned.</param>
    /// <param name="relatives">How this system finds what belongs to a tree.</param>
    /// <param name="roster">What the guardian reads when we are gone.</param>
    /// <param name="over">Called once, by the thread, when it was disposed and nothing is left: not before, however long that takes.</param>
    public ProcessKeeper(IExitWatch watch, IRelatives relatives, Roster roster, Action over)
    {
        _over = over;
        _watch = watch;
        _relatives = relatives;
        _roster = roster;
        _thread = new Thread(Run) { IsBackground = true, Name = "PSRunner process keeper" };
        _thread.Start();
    }

    /// <summary>Says that a start is under way: until <see cref="EndStart"/> the thread stays, to take charge of it.</summary>
    /// <returns>For <see cref="EndStart"/>.</returns>
    public long BeginStart()
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                throw new ProcessStartException(ProcessStartFailure.System, $"Nothing can be started any more in this session: {_failure.Message}");
            }

            ObjectDisposedException.ThrowIf(_closing || _done, typeof(IProcessTrees));
            _starting++;
            return OwnPrograms.BeginStart();
        }
    }

    /// <summary>Takes charge of a program that was just started.</summary>
    public void Add(UnixProcessTree tree)
    {
        lock (_gate)
        {
            OwnPrograms.Add(tree.Pid);
            tree.RosterSlot = _roster.Add(tree.Pid);
            _trees[tree.Pid] = tree;
            _watch.Add(tree.Pid);
        }

        if (_failure is not null)
        {
            Abandon(tree);
        }
    }

    /// <summary>Says that a start is over, however it went.</summary>
    public void EndStart(long start)
    {
        lock (_gate)
        {
            OwnPrograms.EndStart(start);
            _starting--;
            if (_closing && !_done)
            {
                _watch.Wake();
            }
        }
    }

    /// <summary>Asks for the end of a tree; from any thread.</summary>
    public void RequestEnd(UnixProcessTree tree, TimeSpan grace)
    {
        lock (_gate)
        {
            // When the thread is gone every tree is over.
            if (!_done)
            {
                _requests.Enqueue((tree, grace));
                _watch.Wake();
            }
        }
    }

    /// <summary>Kills what is left and waits for it within a limit; on a machine that is slower than that the thread goes on.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            if (!_done)
            {
                _watch.Wake();
            }
        }

        if (_thread.Join(CloseLimit))
        {
            _watch.Dispose();
        }
    }

    /// <summary>What the living trees hold.</summary>
    public long MemoryKiB => _trees.Values.Sum(tree => tree.MemoryKiB);

    private static long Now => Environment.TickCount64;

    private void Run()
    {
        try
        {
            do
            {
                _watch.Wait(Pause(), _news);
                Round();
                _news.Clear();
            }
            while (!IsDone());
            _relatives.ReapOrphans(_trees);
            _over();
        }
        catch (Exception e)
        {
            // A defect of ours: nobody may wait for a tree that nobody keeps.
            lock (_gate)
            {
                _failure = e;
                _done = true;
            }

            foreach (var tree in _trees.Values)
            {
                Abandon(tree);
            }
        }
    }

    private bool IsDone()
    {
        lock (_gate)
        {
            return _done = _closing && _starting == 0 && _trees.Values.All(t => t.State == TreeState.Survived);
        }
    }

    private void Abandon(UnixProcessTree tree)
    {
        _ = Libc.Kill(-tree.Pid, Libc.SIGKILL);
        tree.Fail(_failure!);
    }

    private void Round()
    {
        while (_requests.TryDequeue(out var request))
        {
            BeginEnd(request.Tree, request.Grace);
        }

        if (_closing)
        {
            foreach (var tree in _trees.Values)
            {
                BeginEnd(tree, TimeSpan.Zero);
            }
        }

        foreach (var pid in _news)
        {
            if (_trees.TryGetValue(pid, out var tree))
            {
                _round.Add(tree);
            }
        }

        // First reap and signal all whose turn it is, then look once for all of them: who is gone by then can leave
        // nothing behind after the look.
        _round.AddRange(_ending.Where(t => t.Due <= Now));
        _relatives.Refresh();
        _round.ForEach(Advance);
        _relatives.Refresh();
        _round.ForEach(Conclude);
        _round.Clear();
        _ending.RemoveAll(t => t.State is TreeState.Over or TreeState.Survived);
        if (Now >= _nextSample)
        {
            Sample();
            _relatives.ReapOrphans(_trees);

            // At most a few percent of a processor, however many there are.
            _nextSample = Now + Math.Max(SamplePeriod, 3L * _trees.Count);
        }
    }

    private int Pause()
    {
        // A tree that comes while there is none is looked at as soon as any other.
        var until = _trees.IsEmpty ? Now + SamplePeriod : _nextSample;
        foreach (var tree in _ending)
        {
            until = Math.Min(until, tree.Due);
        }

        return (int)Math.Clamp(until - Now, 0, LongestPause);
    }

    private void Sample()
    {
        _relatives.Refresh();
        foreach (var (pid, tree) in _trees)
        {
            tree.MemoryKiB = _relatives.Find(tree, _trees).Sum(process => _relatives.ReadMemoryKiB(process.Pid));
            if (tree.MemoryLimitKiB > 0 && tree.MemoryKiB > tree.MemoryLimitKiB && tree.State is TreeState.Running or TreeState.Terminating)
            {
                tree.OverLimitKiB = tree.MemoryKiB;
                BeginEnd(tree, TimeSpan.Zero);
            }

            if (!tree.Reaped && _relatives.ReadPeakKiB(pid) is var peak && !(peak <= tree.SampledPeakKiB))
            {
                tree.SampledPeakKiB = peak;
            }
        }
    }
}
