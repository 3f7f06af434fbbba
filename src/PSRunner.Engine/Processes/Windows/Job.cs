using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Processes.Windows;

/// <summary>A job object: all that a process starts is in its job, and closing the last handle ends them all.</summary>
/// <remarks>The system closes our handle when we die, however that happens: no leftovers, no guardian needed.</remarks>
internal sealed unsafe class Job : SafeHandleZeroOrMinusOneIsInvalid
{
    private const int MostListed = 64;

    public Job()
        : base(ownsHandle: true)
    {
        SetHandle(Kernel32.CreateJob(null, null));
        var limits = new Kernel32.ExtendedLimits { LimitFlags = Kernel32.KillOnJobClose };
        if (IsInvalid || !Kernel32.SetJob(this, Kernel32.JobExtendedLimits, &limits, sizeof(Kernel32.ExtendedLimits)))
        {
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            Dispose();
            throw new ProcessStartException(ProcessStartFailure.System, $"No job object could be made: {error.Message}");
        }
    }

    /// <summary>Ends every process in it.</summary>
    public void Terminate() => _ = Kernel32.TerminateJob(this, 1);

    /// <summary>Processor time and members.</summary>
    public Kernel32.Accounting ReadAccounting()
    {
        Kernel32.Accounting accounting;
        return Kernel32.QueryJob(this, Kernel32.JobBasicAccounting, &accounting, sizeof(Kernel32.Accounting), null) ? accounting : default;
    }

    /// <summary>The most memory that one process of it committed (KiB); NaN when not known.</summary>
    public double ReadPeakKiB()
    {
        Kernel32.ExtendedLimits limits;
        return Kernel32.QueryJob(this, Kernel32.JobExtendedLimits, &limits, sizeof(Kernel32.ExtendedLimits), null)
            ? limits.PeakProcessMemory / 1024.0
            : double.NaN;
    }

    /// <summary>Members, at most 64.</summary>
    public IReadOnlyList<int> ReadProcessIds()
    {
        // Two counts of 32 bits, the second that of the ids that follow.
        var list = stackalloc long[1 + MostListed];
        list[0] = 0;
        _ = Kernel32.QueryJob(this, Kernel32.JobProcessIdList, list, (1 + MostListed) * sizeof(long), null);
        var ids = new int[((int*)list)[1]];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = (int)list[1 + i];
        }

        return ids;
    }

    protected override bool ReleaseHandle() => Kernel32.CloseHandle(handle);
}
