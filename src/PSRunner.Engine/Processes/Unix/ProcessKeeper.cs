using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// The one thread that reaps the programs we started, ends trees and verifies that they are gone. It calls nothing that
/// can block (no wait without WNOHANG, no pool), so killing works when every other thread of the process is stuck.
/// </summary>
internal sealed unsafe class ProcessKeeper : IDisposable
{
    private const int LongestPause = 1000;
    private const int SamplePeriod = 250;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly IExitWatch _watch;
    private readonly IRelatives _relatives;
    private readonly Roster _roster;
    private readonly Thread _thread;
    private readonly ConcurrentDictionary<int, UnixProcessTree> _trees = new();
    private readonly ConcurrentQueue<(UnixProcessTree Tree, TimeSpan Grace)> _requests = new();
    private readonly List<UnixProcessTree> _ending = [];
    private readonly List<int> _news = [];
    private long _nextSample;
    private volatile bool _closing;
    private volatile Exception? _failure;

    /// <param name="watch">Owned.</param>
    /// <param name="relatives">How this system finds what belongs to a tree.</param>
    /// <param name="roster">What the guardian reads when we are gone.</param>
    public ProcessKeeper(IExitWatch watch, IRelatives relatives, Roster roster)
    {
        _watch = watch;
        _relatives = relatives;
        _roster = roster;
        _thread = new Thread(Run) { IsBackground = true, Name = "PSRunner process keeper" };
        _thread.Start();
    }

    /// <summary>Takes charge of a program that was just started.</summary>
    public void Add(UnixProcessTree tree)
    {
        _trees[tree.Pid] = tree;
        _watch.Add(tree.Pid);
        if (_failure is { } failure)
        {
            tree.Fail(failure);
        }
        else if (_closing)
        {
            RequestEnd(tree, TimeSpan.Zero);
        }
    }

    /// <summary>Asks for the end of a tree; from any thread.</summary>
    public void RequestEnd(UnixProcessTree tree, TimeSpan grace)
    {
        _requests.Enqueue((tree, grace));
        _watch.Wake();
    }

    /// <summary>Kills what is left and waits for it within a limit.</summary>
    public void Dispose()
    {
        _closing = true;
        _watch.Wake();
        if (_thread.Join(CloseLimit))
        {
            _watch.Dispose();
        }
    }

    private static long Now => Environment.TickCount64;

    private void Run()
    {
        try
        {
            while (!_closing || _trees.Values.Any(t => t.State != TreeState.Survived))
            {
                _watch.Wait(Pause(), _news);
                _relatives.Refresh();
                Round();
                _news.Clear();
            }

            _relatives.ReapOrphans(_trees);
        }
        catch (Exception e)
        {
            // A defect of ours: nobody may wait for a tree that nobody keeps.
            _failure = e;
            foreach (var tree in _trees.Values)
            {
                tree.Fail(e);
            }
        }
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
                Step(tree);
            }
        }

        // By index: a step may append to the list, never remove.
        for (var i = 0; i < _ending.Count; i++)
        {
            if (_ending[i].Due <= Now)
            {
                Step(_ending[i]);
            }
        }

        _ending.RemoveAll(t => t.State is TreeState.Over or TreeState.Survived);
        if (Now >= _nextSample)
        {
            Sample();
            _relatives.ReapOrphans(_trees);

            // At most about two percent of a processor, however many there are.
            _nextSample = Now + Math.Max(SamplePeriod, _trees.Count);
        }
    }

    private int Pause()
    {
        var until = _trees.IsEmpty ? Now + LongestPause : _nextSample;
        foreach (var tree in _ending)
        {
            until = Math.Min(until, tree.Due);
        }

        return (int)Math.Clamp(until - Now, 0, LongestPause);
    }

    private void Sample()
    {
        foreach (var (pid, tree) in _trees)
        {
            if (!tree.Reaped && _relatives.ReadPeakKiB(pid) is var peak && !(peak <= tree.SampledPeakKiB))
            {
                tree.SampledPeakKiB = peak;
            }
        }
    }

    private void BeginEnd(UnixProcessTree tree, TimeSpan grace)
    {
        if (grace > TimeSpan.Zero && tree.State == TreeState.Running)
        {
            _ = Libc.Kill(-tree.Pid, Libc.SIGTERM);
            _ = Libc.Kill(-tree.Pid, Libc.SIGCONT);
            Become(tree, TreeState.Terminating, grace);
        }
        else if (grace > TimeSpan.Zero && tree.State == TreeState.Terminating)
        {
            tree.Until = Math.Min(tree.Until, Now + (long)grace.TotalMilliseconds);
        }
        else if (tree.State is TreeState.Running or TreeState.Terminating)
        {
            Become(tree, TreeState.Killing, ProcessTree.VerifyLimit);
            Step(tree);
        }
    }

    private void Become(UnixProcessTree tree, TreeState state, TimeSpan limit)
    {
        if (tree.State == TreeState.Running)
        {
            _ending.Add(tree);
        }

        tree.State = state;
        tree.Looks = 0;
        tree.Until = Now + (long)Math.Min(limit.TotalMilliseconds, int.MaxValue);
        Later(tree);
    }

    // 1, 2, 4 ... 64 ms: quick for the usual end, cheap for a long grace.
    private static void Later(UnixProcessTree tree) =>
        tree.Due = Math.Min(Now + (1 << Math.Min(tree.Looks++, 6)), Math.Max(tree.Until, Now));

    private void Step(UnixProcessTree tree)
    {
        if (!tree.Reaped)
        {
            Reap(tree);
        }

        switch (tree.State)
        {
            case TreeState.Running when tree.Reaped:
            case TreeState.Terminating when Now >= tree.Until || HasHeeded(tree):
                Become(tree, TreeState.Killing, ProcessTree.VerifyLimit);
                Kill(tree);
                break;
            case TreeState.Terminating:
                Later(tree);
                break;
            case TreeState.Killing:
                Kill(tree);
                break;
            case TreeState.Survived when tree.Reaped:
                Forget(tree);
                break;
        }
    }

    // The group is what was asked; its dead that fell to us are reaped first, because they count as members.
    private bool HasHeeded(UnixProcessTree tree)
    {
        if (!tree.Reaped)
        {
            return false;
        }

        _ = _relatives.AnyLeft(tree, _trees);
        return Signal(tree, 0);
    }

    // Everything that descends from the program is in its group, or below it, or, its parents having died, adopted by us.
    private void Kill(UnixProcessTree tree)
    {
        if (!tree.Reaped && tree.Looks == 1)
        {
            // While their parents live, even children that hide their origin are known by them.
            NoteStrays(tree);
        }

        // In this order: once the group is gone, nobody in it can leave us another child after the look.
        var groupGone = Signal(tree, Libc.SIGKILL);
        var left = _relatives.AnyLeft(tree, _trees);
        if (tree.Reaped && groupGone && !left)
        {
            Finish(tree, []);
            return;
        }

        // Without strays the group gets a moment to die of the signal before the process table is read for it.
        var late = Now >= tree.Until;
        if (late || (tree.Reaped && (left || tree.Looks > 1)))
        {
            var found = NoteStrays(tree);
            foreach (var process in found)
            {
                _ = Libc.Kill(process.Pid, Libc.SIGKILL);
            }

            if (late)
            {
                Finish(tree, found);
                return;
            }
        }

        Later(tree);
    }

    private IReadOnlyList<Relative> NoteStrays(UnixProcessTree tree)
    {
        var found = _relatives.Find(tree, _trees);
        foreach (var process in found.Where(p => p.Group != tree.Pid))
        {
            tree.NoteStray(process.Pid);
        }

        return found;
    }

    private void Finish(UnixProcessTree tree, IReadOnlyList<Relative> survivors)
    {
        tree.State = TreeState.Survived;
        if (tree.Reaped)
        {
            Forget(tree);
        }

        tree.Complete(tree.Exit with
        {
            Strays = tree.Strays,
            Survivors = [.. survivors.Select(s => new SurvivingProcess(s.Pid, _relatives.Describe(s.Pid)))],
        });
    }

    private void Forget(UnixProcessTree tree)
    {
        tree.State = TreeState.Over;
        _trees.TryRemove(tree.Pid, out _);
        _roster.Free(tree.RosterSlot);
    }

    // True when the group has no member any more. The program itself, while not reaped, is one.
    private static bool Signal(UnixProcessTree tree, int signal) =>
        Libc.Kill(-tree.Pid, signal) != 0 && Marshal.GetLastPInvokeError() == Libc.ESRCH;

    private void Reap(UnixProcessTree tree)
    {
        int status;
        Libc.ResourceUse use;
        var pid = Libc.Wait4(tree.Pid, &status, Libc.WNOHANG, &use);
        if (pid == tree.Pid)
        {
            // Below the runner's own size the kernel's peak is the runner's, not the child's.
            var signal = status & 0x7F;
            tree.Exit = new ProcessExit
            {
                ExitCode = signal == 0 ? (status >> 8) & 0xFF : null,
                Signal = signal == 0 ? "" : SignalName.Of(signal),
                CpuSeconds = use.CpuSeconds,
                PeakMemoryKiB = use.PeakKiB > tree.PeakAtStartKiB ? use.PeakKiB : tree.SampledPeakKiB,
            };
        }
        else if (pid == 0 || Marshal.GetLastPInvokeError() != Libc.ECHILD)
        {
            return;
        }

        // ECHILD: someone else reaped it (the runner was started with SIGCHLD ignored). It is gone, its code unknown.
        tree.Reaped = true;
        _watch.Remove(tree.Pid);
    }
}
