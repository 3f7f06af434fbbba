using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Storage;

/// <summary>Linux and macOS. Only calls without variable arguments: those are passed differently on Apple's processors.</summary>
internal static partial class PosixDisk
{
    private const int Interrupted = 4;
    private const int ReadOnly = 0;

    /// <summary>macOS: fsync reaches the drive's cache only; this reaches the medium.</summary>
    private const int FullFsync = 51;

    /// <summary>No child process may inherit a handle of ours.</summary>
    private static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    public static unsafe void Write(SafeFileHandle handle, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var written = PWrite(handle, start + done, bytes.Length - done, offset + done);
                if (written == 0)
                {
                    throw new StoreException("write", path, "the system took none of the bytes and named no error"); // Asking for ever would be a hang.
                }

                if (written < 0 && Marshal.GetLastPInvokeError() != Interrupted)
                {
                    throw Refused("write", path);
                }

                done += (int)Math.Max(written, 0);
            }
        }
    }

    public static unsafe void Probe(SafeFileHandle handle, string path)
    {
        byte nothing = 0;
        while (PWrite(handle, &nothing, 0, 0) != 0)
        {
            ThrowUnlessInterrupted("flush", path);
        }
    }

    public static void Flush(SafeFileHandle handle, string path)
    {
        if (OperatingSystem.IsMacOS() && FileControl(handle, FullFsync) == 0)
        {
            return;
        }

        while (FSync(handle) != 0)
        {
            ThrowUnlessInterrupted("flush", path);
        }
    }

    public static void FlushFolder(string path)
    {
        using var handle = OpenExisting(path, ReadOnly);
        Flush(handle, path);
    }

    public static void Rename(string path, string newPath)
    {
        while (RenameCall(path, newPath) != 0)
        {
            ThrowUnlessInterrupted("rename", path);
        }
    }

    /// <summary>Opens a file or folder that exists; .NET's own open locks files and refuses folders.</summary>
    public static SafeFileHandle OpenExisting(string path, int access)
    {
        while (true)
        {
            var descriptor = Open(path, access | CloseOnExec);
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }

            ThrowUnlessInterrupted("open", path);
        }
    }

    /// <summary>The exception for the last error.</summary>
    public static StoreException Refused(string action, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new StoreException(action, path, Marshal.GetPInvokeErrorMessage(error), NameOf(error));
    }

    private static void ThrowUnlessInterrupted(string action, string path)
    {
        if (Marshal.GetLastPInvokeError() != Interrupted)
        {
            throw Refused(action, path);
        }
    }

    /// <summary>The names of the errors that disks give; the numbers are the same on Linux and macOS but for the quota's.</summary>
    private static string NameOf(int error) => error switch
    {
        1 => "EPERM",
        2 => "ENOENT",
        5 => "EIO",
        9 => "EBADF",
        13 => "EACCES",
        17 => "EEXIST",
        18 => "EXDEV",
        20 => "ENOTDIR",
        22 => "EINVAL",
        24 => "EMFILE",
        27 => "EFBIG",
        28 => "ENOSPC",
        30 => "EROFS",
        69 when OperatingSystem.IsMacOS() => "EDQUOT",
        122 when OperatingSystem.IsLinux() => "EDQUOT",
        _ => $"error {error}",
    };

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static unsafe partial nint PWrite(SafeFileHandle file, byte* bytes, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameCall(string path, string newPath);
}
