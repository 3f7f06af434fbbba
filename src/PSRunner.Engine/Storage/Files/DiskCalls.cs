using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Storage;

/// <summary>The few calls for which .NET's own hide errors or promise less: one line per call and system.</summary>
internal static class DiskCalls
{
    /// <summary>Writes all bytes at a place of the file.</summary>
    public static void Write(SafeFileHandle handle, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        if (OperatingSystem.IsWindows())
        {
            WindowsDisk.Write(handle, path, bytes, offset);
        }
        else
        {
            PosixDisk.Write(handle, path, bytes, offset);
        }
    }

    /// <summary>Forces a file's data and size to the device.</summary>
    public static void Flush(SafeFileHandle handle, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            WindowsDisk.Flush(handle, path);
        }
        else
        {
            PosixDisk.Flush(handle, path);
        }
    }

    /// <summary>
    /// Asks the file system whether it is still writable, by a write of no bytes. ext4 that is giving up after an error
    /// can answer an fsync with success; this question it answers truly. Windows has no such case and no such call.
    /// </summary>
    public static void Probe(SafeFileHandle handle, string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            PosixDisk.Probe(handle, path);
        }
    }

    /// <summary>Forces a folder's names to the device. Windows does that with the rename itself (write-through).</summary>
    public static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            PosixDisk.FlushFolder(path);
        }
    }

    /// <summary>Renames within a folder, replacing; never a copy, as .NET's own may become one.</summary>
    public static void Rename(string path, string newPath)
    {
        if (OperatingSystem.IsWindows())
        {
            WindowsDisk.Rename(path, newPath);
        }
        else
        {
            PosixDisk.Rename(path, newPath);
        }
    }
}
