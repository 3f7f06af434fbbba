using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// Linux: one epoll over a process descriptor per child. A child for which there is none (a kernel before 5.3, a
/// sandbox that forbids them, no descriptors left) is looked at fifty times a second instead.
/// </summary>
internal sealed unsafe partial class PidfdExitWatch : IExitWatch
{
    private const int PollMilliseconds = 20;
    private const int MostEvents = 64;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int CtlAdd = 1;
    private const int CtlDelete = 2;
    private const uint Readable = 1;
    private const int PidfdOpen = 434;

    // struct epoll_event is packed on x86-64 and on nothing else.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly ConcurrentDictionary<int, int> _descriptors = new();
    private readonly ConcurrentDictionary<int, bool> _polled = new();
    private readonly int _epoll;
    private readonly int _wake;

    private PidfdExitWatch(int epoll, int wake)
    {
        _epoll = epoll;
        _wake = wake;
    }

    /// <summary>Makes one, or the polling watch where epoll is not to be had.</summary>
    public static IExitWatch Create()
    {
        var epoll = EpollCreate(CloseOnExec);
        var wake = EventFd(0, CloseOnExec | NonBlocking);
        if (epoll >= 0 && wake >= 0 && Control(epoll, CtlAdd, wake, 0) == 0)
        {
            return new PidfdExitWatch(epoll, wake);
        }

        _ = Libc.Close(epoll);
        _ = Libc.Close(wake);
        return new PollingExitWatch();
    }

    public void Add(int pid)
    {
        var descriptor = (int)Syscall(PidfdOpen, pid, 0);
        if (descriptor >= 0)
        {
            // Known before it is armed: the keeper may reap, and remove, at once.
            _descriptors[pid] = descriptor;
            if (Control(_epoll, CtlAdd, descriptor, pid) == 0)
            {
                return;
            }

            Remove(pid);
        }

        _polled[pid] = true;
        Wake();
    }

    public void Remove(int pid)
    {
        _polled.TryRemove(pid, out _);
        if (_descriptors.TryRemove(pid, out var descriptor))
        {
            // Not left to close: a child between vfork and exec still holds a copy of our descriptors.
            _ = Control(_epoll, CtlDelete, descriptor, pid);
            _ = Libc.Close(descriptor);
        }
    }

    public void Wake()
    {
        var one = 1UL;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    public void Wait(int milliseconds, List<int> ended)
    {
        var events = stackalloc byte[MostEvents * 16];
        var count = EpollWait(_epoll, events, MostEvents, _polled.IsEmpty ? milliseconds : Math.Min(milliseconds, PollMilliseconds));
        for (var i = 0; i < count; i++)
        {
            var pid = (int)*(long*)(events + (i * EventSize) + DataOffset);
            if (pid != 0)
            {
                ended.Add(pid);
                continue;
            }

            ulong wakes;
            _ = Libc.Read(_wake, (byte*)&wakes, sizeof(ulong));
        }

        ended.AddRange(_polled.Keys);
    }

    public void Dispose()
    {
        foreach (var pid in _descriptors.Keys)
        {
            Remove(pid);
        }

        _ = Libc.Close(_epoll);
        _ = Libc.Close(_wake);
    }

    private static int Control(int epoll, int operation, int descriptor, long data)
    {
        var change = stackalloc byte[16];
        *(uint*)change = Readable;
        *(long*)(change + DataOffset) = data;
        return EpollControl(epoll, operation, descriptor, change);
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl")]
    private static partial int EpollControl(int epoll, int operation, int descriptor, void* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    private static partial int EpollWait(int epoll, void* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int EventFd(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint first, nint second);
}
