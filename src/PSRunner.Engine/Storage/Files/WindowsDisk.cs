using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Storage;

/// <summary>Windows: a flush whose answer is believed, and a rename that is on the device when it returns.</summary>
internal static partial class WindowsDisk
{
    private const uint ReplaceExisting = 1;
    private const uint WriteThrough = 8;

    public static void Write(SafeFileHandle handle, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (IOException e)
        {
            throw new StoreException("write", path, e.Message.TrimEnd('.'), inner: e);
        }
    }

    public static void Flush(SafeFileHandle handle, string path)
    {
        if (!FlushFileBuffers(handle))
        {
            throw Refused("flush", path);
        }
    }

    public static void Rename(string path, string newPath)
    {
        if (!MoveFileEx(path, newPath, ReplaceExisting | WriteThrough))
        {
            throw Refused("rename", path);
        }
    }

    private static StoreException Refused(string action, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new StoreException(action, path, Marshal.GetPInvokeErrorMessage(error).TrimEnd('.', '\r', '\n'), $"error {error}");
    }

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle file);

    [LibraryImport("kernel32.dll", EntryPoint = "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool MoveFileEx(string path, string newPath, uint flags);
}
