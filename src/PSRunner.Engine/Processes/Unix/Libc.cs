using System.Runtime.InteropServices;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>The few calls of the C library that .NET has no word for. 64-bit Linux (glibc, musl) and macOS.</summary>
internal static unsafe partial class Libc
{
    public const int X_OK = 1;
    public const int WNOHANG = 1;
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;
    public const int ENOENT = 2;
    public const int ESRCH = 3;
    public const int E2BIG = 7;
    public const int ENOEXEC = 8;
    public const int ECHILD = 10;
    public const int EACCES = 13;
    public const int EPERM = 1;
    public const int PR_SET_CHILD_SUBREAPER = 36;
    public const int RUSAGE_SELF = 0;
    public const int P_ALL = 0;
    public const int WEXITED = 4;

    /// <summary>Closes a descriptor when another program is executed.</summary>
    public static nuint FIOCLEX => OperatingSystem.IsMacOS() ? 0x20006601u : 0x5451u;

    public static int WNOWAIT => OperatingSystem.IsMacOS() ? 0x20 : 0x1000000;

    public static int SIGCONT => OperatingSystem.IsMacOS() ? 19 : 18;

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    /// <summary>Gives a range of a file back to the disk; it reads as zeros then, and the file is as long as before. Nothing where the disk cannot, or it is no plain file.</summary>
    public static void FreeRange(string path, long offset, long length)
    {
        const int WriteOnly = 1;
        const int NonBlocking = 0x800;
        const int CloseOnExec = 0x80000;
        const int KeepSizeAndPunchHole = 1 | 2;
        var noFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
        var file = Open(path, WriteOnly | NonBlocking | CloseOnExec | noFollow);
        if (file >= 0)
        {
            _ = Allocate(file, KeepSizeAndPunchHole, offset, length);
            _ = Close(file);
        }
    }

    [LibraryImport("libc", EntryPoint = "fallocate")]
    private static partial int Allocate(int fd, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "read")]
    public static partial nint Read(int fd, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write")]
    public static partial nint Write(int fd, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    public static partial int IoControl(int fd, nuint request);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitId(int kind, int id, void* info, int options);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "wait4", SetLastError = true)]
    public static partial int Wait4(int pid, int* status, int options, ResourceUse* use);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    public static partial int GetResourceUse(int who, ResourceUse* use);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    public static partial int SetPriority(int which, int who, int priority);

    [LibraryImport("libc", EntryPoint = "prctl")]
    public static partial int Prctl(int option, nuint argument);

    /// <summary>struct rusage: two times of two words each, then fourteen words.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    public struct ResourceUse
    {
        public long UserSeconds;
        private readonly long _userMicroseconds;
        public long SystemSeconds;
        private readonly long _systemMicroseconds;
        private readonly long _peak;

        /// <summary>User and system time. The microseconds are 32 bits on macOS, with padding behind.</summary>
        public readonly double CpuSeconds =>
            UserSeconds + SystemSeconds + (((int)_userMicroseconds + (int)_systemMicroseconds) / 1e6);

        /// <summary>Linux counts KiB, macOS bytes.</summary>
        public readonly long PeakKiB => OperatingSystem.IsMacOS() ? _peak / 1024 : _peak;
    }
}
