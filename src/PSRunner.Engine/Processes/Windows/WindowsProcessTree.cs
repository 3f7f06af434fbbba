using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Processes.Windows;

/// <summary>A program in a job of its own.</summary>
internal sealed class WindowsProcessTree : ProcessTree
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SafeProcessHandle _process;
    private readonly Job _job;
    private readonly Action<WindowsProcessTree> _forget;

    /// <param name="pid">The program.</param>
    /// <param name="process">Owned.</param>
    /// <param name="job">Owned.</param>
    /// <param name="forget">Called when the tree is over.</param>
    public WindowsProcessTree(int pid, SafeProcessHandle process, Job job, Action<WindowsProcessTree> forget)
    {
        Pid = pid;
        _process = process;
        _job = job;
        _forget = forget;
    }

    public override int Pid { get; }

    /// <summary>Waits for the end in the background; the outcome goes to the waiters of this tree.</summary>
    public async Task KeepAsync()
    {
        try
        {
            using var ended = new EndEvent(_process);
            var wait = ThreadPool.RegisterWaitForSingleObject(ended, (_, _) => _exited.TrySetResult(), null, Timeout.Infinite, executeOnlyOnce: true);
            await Task.WhenAny(_exited.Task, _killed.Task).ConfigureAwait(false);

            // The program is over, by itself or not: so is everything that it left.
            _job.Terminate();
            var start = TimeProvider.System.GetTimestamp();
            while (_job.ReadAccounting().ActiveProcesses > 0 && TimeProvider.System.GetElapsedTime(start) < VerifyLimit)
            {
                await Task.Delay(Pause, TimeProvider.System).ConfigureAwait(false);
            }

            wait.Unregister(null);
            var accounting = _job.ReadAccounting();
            Complete(new ProcessExit
            {
                ExitCode = ended.WaitOne(0) && Kernel32.GetExitCode(_process, out var code) ? unchecked((int)code) : null,
                CpuSeconds = (accounting.UserTime + accounting.KernelTime) / (double)TimeSpan.TicksPerSecond,
                PeakMemoryKiB = _job.ReadPeakKiB(),
                Survivors = accounting.ActiveProcesses == 0 ? [] : [.. _job.ReadProcessIds().Select(id => new SurvivingProcess(id, NameOf(id)))],
            });
        }
        catch (Exception e)
        {
            // A defect of ours: nobody may wait for a tree that nobody keeps.
            Fail(e);
        }
        finally
        {
            _forget(this);
            _job.Dispose();
            _process.Dispose();
        }
    }

    /// <summary>A program without a console cannot be asked to end, so there is no grace here.</summary>
    protected override void RequestEnd(TimeSpan grace)
    {
        try
        {
            _job.Terminate();
        }
        catch (ObjectDisposedException)
        {
            // It was over already.
        }

        _killed.TrySetResult();
    }

    private static string NameOf(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            return process.ProcessName;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return "(gone meanwhile)";
        }
    }

    private sealed class EndEvent : WaitHandle
    {
        public EndEvent(SafeProcessHandle process) => SafeWaitHandle = new SafeWaitHandle(process.DangerousGetHandle(), ownsHandle: false);
    }
}
