using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Storage;

/// <summary>Which file it is, whatever its path: the device and the file's number on it. Linux and macOS.</summary>
internal readonly partial record struct FileIdentity(ulong Device, ulong Number)
{
    private const int LinuxAtFolder = -100;
    private const int LinuxEmptyPath = 0x1000;
    private const uint LinuxNumber = 0x100;

    /// <summary>Of an open file.</summary>
    public static FileIdentity Of(SafeFileHandle handle, string path)
    {
        var added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            return Of((int)handle.DangerousGetHandle(), path, byHandle: true);
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Of what a path names now.</summary>
    /// <exception cref="StoreException">Nothing, or it cannot be asked.</exception>
    public static FileIdentity Of(string path) => Of(0, path, byHandle: false);

    /// <summary>For files that name it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device:x}:{Number:x}");

    private static unsafe FileIdentity Of(int descriptor, string path, bool byHandle)
    {
        // Big enough for either system's answer. The places are those of struct statx and of Apple's struct stat.
        var answer = stackalloc byte[512];
        var failed = (OperatingSystem.IsLinux(), byHandle) switch
        {
            (true, true) => StatX(descriptor, "", LinuxEmptyPath, LinuxNumber, answer),
            (true, false) => StatX(LinuxAtFolder, path, 0, LinuxNumber, answer),
            (false, true) => IsArm ? FStat(descriptor, answer) : FStatOfIntel(descriptor, answer),
            (false, false) => IsArm ? Stat(path, answer) : StatOfIntel(path, answer),
        };
        if (failed != 0)
        {
            throw PosixDisk.Refused("find", path);
        }

        return OperatingSystem.IsLinux()
            ? new FileIdentity(*(ulong*)(answer + 136), *(ulong*)(answer + 32))
            : new FileIdentity(*(uint*)answer, *(ulong*)(answer + 8));
    }

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* answer);

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    private static unsafe partial int FStat(int descriptor, byte* answer);

    [LibraryImport("libc", EntryPoint = "stat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Stat(string path, byte* answer);

    [LibraryImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
    private static unsafe partial int FStatOfIntel(int descriptor, byte* answer);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatOfIntel(string path, byte* answer);
}
