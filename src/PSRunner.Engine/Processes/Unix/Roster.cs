using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// The process groups that live, one a line, in a nameless file that the guardian reads when this process is gone: a
/// start or an end costs one small write and no message.
/// </summary>
internal sealed partial class Roster : IDisposable
{
    private const int LineLength = 11;
    private const uint CloseOnExec = 1;

    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private int _slots;

    public Roster()
    {
        if (OperatingSystem.IsLinux() && CreateInMemory("psrunner-roster", CloseOnExec) is var file and >= 0)
        {
            File = new SafeFileHandle(file, ownsHandle: true);
            return;
        }

        var path = Path.Combine(Path.GetTempPath(), $"psrunner-{Environment.ProcessId}-{Guid.NewGuid():N}");
        File = System.IO.File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        System.IO.File.Delete(path);
    }

    /// <summary>The file.</summary>
    public SafeFileHandle File { get; }

    /// <summary>Notes a group.</summary>
    /// <returns>Its line.</returns>
    public int Add(int group)
    {
        int slot;
        lock (_lock)
        {
            slot = _free.TryPop(out var free) ? free : _slots++;
        }

        Write(slot, group.ToString(CultureInfo.InvariantCulture));
        return slot;
    }

    /// <summary>Blanks a line.</summary>
    public void Free(int slot)
    {
        Write(slot, "");
        lock (_lock)
        {
            _free.Push(slot);
        }
    }

    public void Dispose() => File.Dispose();

    private void Write(int slot, string text)
    {
        try
        {
            RandomAccess.Write(File, Encoding.ASCII.GetBytes(text.PadRight(LineLength - 1) + "\n"), (long)slot * LineLength);
        }
        catch (IOException)
        {
            // No room left: the guardian still finds the tree by its environment.
        }
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateInMemory(string name, uint flags);
}
