using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Storage;

/// <summary>Which file it is, whatever its path: the device and the file's number on it. Linux and macOS.</summary>
internal readonly partial record struct FileIdentity(ulong Device, ulong Number)
{
    // Big enough for either system's answer. The places in it are those of struct statx and of Apple's struct stat.
    private const int AnswerSize = 512;
    private const int LinuxAtFolder = -100;
    private const int LinuxEmptyPath = 0x1000;
    private const uint LinuxTypeAndNumber = 0x101;
    private const int TypeBits = 0xF000;
    private const int PlainFile = 0x8000;
    private const int Folder = 0x4000;

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

    /// <summary>True when a path names a device, a pipe or a socket.</summary>
    /// <exception cref="StoreException">Nothing is there, or it cannot be asked.</exception>
    public static unsafe bool IsSpecial(string path)
    {
        var answer = stackalloc byte[AnswerSize];
        Ask(0, path, byHandle: false, answer);
        var mode = OperatingSystem.IsLinux() ? *(ushort*)(answer + 28) : *(ushort*)(answer + 4);
        return (mode & TypeBits) is not (PlainFile or Folder);
    }

    /// <summary>For files that name it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device:x}:{Number:x}");

    private static unsafe FileIdentity Of(int descriptor, string path, bool byHandle)
    {
        var answer = stackalloc byte[AnswerSize];
        Ask(descriptor, path, byHandle, answer);
        return OperatingSystem.IsLinux()
            ? new FileIdentity(*(ulong*)(answer + 136), *(ulong*)(answer + 32))
            : new FileIdentity(*(uint*)answer, *(ulong*)(answer + 8));
    }

    private static unsafe void Ask(int descriptor, string path, bool byHandle, byte* answer)
    {
        var failed = (OperatingSystem.IsLinux(), byHandle) switch
        {
            (true, true) => StatX(descriptor, "", LinuxEmptyPath, LinuxTypeAndNumber, answer),
            (true, false) => StatX(LinuxAtFolder, path, 0, LinuxTypeAndNumber, answer),
            (false, true) => IsArm ? FStat(descriptor, answer) : FStatOfIntel(descriptor, answer),
            (false, false) => IsArm ? Stat(path, answer) : StatOfIntel(path, answer),
        };
        if (failed != 0)
        {
            throw PosixDisk.Refused("find", path);
        }
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
