using System.Runtime.InteropServices;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>The way of a tree from running to over.</summary>
internal sealed unsafe partial class ProcessKeeper
{
    private const int FewestLooks = 4;

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
        tree.Due = Now;
    }

    // 1, 2, 4 ... 64 ms: quick for the usual end, cheap for a long grace.
    private static void Later(UnixProcessTree tree)
    {
        var next = Now + (1 << Math.Min(tree.Looks++, 6));
        tree.Due = Now < tree.Until ? Math.Min(next, tree.Until) : next;
    }

    private void Advance(UnixProcessTree tree)
    {
        if (!tree.Reaped)
        {
            Reap(tree);
        }

        if (tree.State == TreeState.Terminating)
        {
            tree.GroupGone = tree.Reaped && Signal(tree, 0);
        }

        if ((tree.State == TreeState.Running && tree.Reaped) || (tree.State == TreeState.Terminating && (tree.GroupGone || Now >= tree.Until)))
        {
            Become(tree, TreeState.Killing, ProcessTree.VerifyLimit);
        }

        if (tree.State == TreeState.Killing)
        {
            if (!tree.Reaped && tree.Looks == 0)
            {
                // While their parents live, even children that hide their origin are known by them.
                NoteStrays(tree);
            }

            // A group that is gone never comes back; its number may, as another's.
            tree.GroupGone = (tree.GroupGone && tree.Reaped) || Signal(tree, Libc.SIGKILL);
        }
    }

    private void Conclude(UnixProcessTree tree)
    {
        switch (tree.State)
        {
            case TreeState.Terminating:
                // Reaps its dead that fell to us: they count as members of the group.
                _ = _relatives.AnyLeft(tree, _trees);
                Later(tree);
                break;
            case TreeState.Killing:
                Verify(tree);
                break;
            case TreeState.Survived when tree.Reaped:
                Forget(tree);
                break;
        }
    }

    // Everything that descends from the program is in its group, or below it, or, its parents having died, adopted by us.
    private void Verify(UnixProcessTree tree)
    {
        var left = _relatives.AnyLeft(tree, _trees);
        if (tree.Reaped && tree.GroupGone && !left)
        {
            Finish(tree, []);
            return;
        }

        // Without strays the group gets a moment to die of the signal before anyone is looked for by name. And when this
        // thread itself was held up, the time alone does not make anyone a survivor.
        var late = Now >= tree.Until && tree.Looks >= FewestLooks;
        if (late || (tree.Reaped && (left || tree.Looks > 0)))
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
            OverLimitKiB = tree.OverLimitKiB,

            // What all of them held together, where that was more than the kernel counts for the program.
            PeakMemoryKiB = tree.Exit.PeakMemoryKiB >= tree.OverLimitKiB || tree.OverLimitKiB == 0 ? tree.Exit.PeakMemoryKiB : tree.OverLimitKiB,
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
        OwnPrograms.Remove(tree.Pid);
        _watch.Remove(tree.Pid);
    }
}
