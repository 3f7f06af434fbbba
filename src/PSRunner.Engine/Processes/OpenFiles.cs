using System.Runtime.InteropServices;

namespace PSRunner.Engine.Processes;

/// <summary>
/// How many files and sockets this process may still open. Where none is left, nothing goes on: no request, no result, no
/// thread.
/// </summary>
internal static partial class OpenFiles
{
    private const int ResourceOnLinux = 7;
    private const int ResourceOnMac = 8;

    /// <summary>What the engine, the shell and the user's other batches open besides.</summary>
    private const int Reserve = 100;

    /// <summary>How many requests may be in flight: a socket each, and a share for what a case writes as it ends.</summary>
    /// <param name="limit">The most files that may be open; null: there is no such limit.</param>
    /// <param name="open">How many are open now.</param>
    public static int MostRequests(long? limit, int open) =>
        limit is null ? int.MaxValue : (int)Math.Clamp((limit.Value - open - Reserve) * 0.8, 1, int.MaxValue);

    /// <summary>How many requests may be in flight from now on.</summary>
    public static int MostRequests() => Limit() is { } limit ? MostRequests(limit, Count()) : int.MaxValue;

    /// <summary>The most files that may be open; null: there is no such limit.</summary>
    public static long? Limit() =>
        !OperatingSystem.IsWindows() && GetResourceLimit(OperatingSystem.IsMacOS() ? ResourceOnMac : ResourceOnLinux, out var limits) == 0 && limits.Soft <= int.MaxValue
            ? (long)limits.Soft
            : null;

    private static int Count()
    {
        try
        {
            return Directory.EnumerateFileSystemEntries("/dev/fd").Count();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 2 * Reserve; // About what a shell with our module has open.
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetResourceLimit(int resource, out ResourceLimits limits);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimits
    {
        public ulong Soft;
        public ulong Hard;
    }
}
