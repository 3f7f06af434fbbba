using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>What /proc/PID/stat says of a process.</summary>
internal readonly record struct ProcessEntry(int Pid, int Parent, int Group, int Session, bool Dead);

/// <summary>
/// Reads /proc by bare system calls: three a file, no objects. A process that vanishes meanwhile reads as absent. Holds
/// a buffer, so one instance belongs to one thread.
/// </summary>
internal sealed unsafe class ProcFiles
{
    private const int CloseOnExec = 0x80000;
    private const int MostEnvironment = 1 << 20;
    private const int MostCommand = 200;

    private byte[] _buffer = new byte[16 * 1024];

    /// <summary>The processes of this machine that can be seen.</summary>
    public static IEnumerable<int> Pids()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), out var pid))
            {
                yield return pid;
            }
        }
    }

    /// <summary>Ancestry of a process; false when it is gone.</summary>
    public bool TryReadEntry(int pid, out ProcessEntry entry)
    {
        var text = Read($"/proc/{pid}/stat");

        // "pid (name) state parent group session ...": the name may hold anything, so count from its last bracket.
        var rest = text[(text.LastIndexOf((byte)')') + 1)..];
        entry = default;
        if (rest.Length < 4)
        {
            return false;
        }

        var state = rest[1];
        rest = rest[3..];
        var parent = NextNumber(ref rest);
        var group = NextNumber(ref rest);
        entry = new ProcessEntry(pid, parent, group, NextNumber(ref rest), state is (byte)'Z' or (byte)'X');
        return true;
    }

    /// <summary>Children that one thread of a process started or was given.</summary>
    public List<int> ChildrenOfThread(int pid, int thread)
    {
        var text = Read($"/proc/{pid}/task/{thread}/children");
        var children = new List<int>();
        while (!text.IsEmpty)
        {
            children.Add(NextNumber(ref text));
        }

        return children;
    }

    /// <summary>Children of all threads of a process; none when it is gone.</summary>
    public List<int> Children(int pid)
    {
        try
        {
            return [.. Directory.GetDirectories($"/proc/{pid}/task")
                .SelectMany(thread => ChildrenOfThread(pid, int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The value of a variable a process was started with.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="name">The variable.</param>
    /// <param name="value">Its value; null when it has none or may not be asked.</param>
    /// <returns>False when that cannot be told at this moment: the process is just loading its program, or exiting.</returns>
    public bool TryReadVariable(int pid, string name, out string? value)
    {
        value = null;
        for (var look = 0; look < 2; look++)
        {
            var environment = Read($"/proc/{pid}/environ");
            if (!environment.IsEmpty)
            {
                value = Find(environment, Encoding.UTF8.GetBytes(name + "="));
                return true;
            }

            if (Read($"/proc/{pid}/cmdline").IsEmpty)
            {
                return false;
            }

            // It has arguments but no variables; unless it was loaded between the two reads, that is the truth.
        }

        return true;
    }

    /// <summary>The files behind a process's standard output and error; empty when they cannot be told.</summary>
    public static IEnumerable<string> ReadOutputs(int pid)
    {
        for (var descriptor = 1; descriptor <= 2; descriptor++)
        {
            if (new FileInfo($"/proc/{pid}/fd/{descriptor}").LinkTarget is { } target)
            {
                yield return target;
            }
        }
    }

    /// <summary>The most memory a process held so far; NaN when not known.</summary>
    public double ReadPeakKiB(int pid) => ReadStatus(pid, "VmHWM:"u8) is >= 0 and var peak ? peak : double.NaN;

    /// <summary>The memory a process holds now (KiB), swapped pages included; 0 when not known.</summary>
    public long ReadMemoryKiB(int pid) => Math.Max(0, ReadStatus(pid, "VmRSS:"u8)) + Math.Max(0, ReadStatus(pid, "VmSwap:"u8));

    /// <summary>A process's command line, else its name, at most 200 characters.</summary>
    public string Describe(int pid)
    {
        var command = Encoding.UTF8.GetString(Read($"/proc/{pid}/cmdline")).Replace('\0', ' ').Trim();
        command = command.Length > 0 ? command : Encoding.UTF8.GetString(Read($"/proc/{pid}/comm")).Trim();
        return command.Length <= MostCommand ? command : command[..MostCommand];
    }

    private int ReadStatus(int pid, ReadOnlySpan<byte> name)
    {
        var status = Read($"/proc/{pid}/status");
        var at = status.IndexOf(name);
        if (at < 0)
        {
            return -1;
        }

        var rest = status[(at + name.Length)..].TrimStart(" \t"u8);
        return NextNumber(ref rest);
    }

    private static string? Find(ReadOnlySpan<byte> environment, ReadOnlySpan<byte> key)
    {
        foreach (var range in environment.Split((byte)0))
        {
            if (environment[range].StartsWith(key))
            {
                return Encoding.UTF8.GetString(environment[range][key.Length..]);
            }
        }

        return null;
    }

    private static int NextNumber(ref ReadOnlySpan<byte> text)
    {
        _ = Utf8Parser.TryParse(text, out int number, out var used);
        text = text[Math.Min(text.Length, used + 1)..].TrimStart((byte)' ');
        return number;
    }

    private ReadOnlySpan<byte> Read(string path)
    {
        var file = Libc.Open(path, CloseOnExec);
        if (file < 0)
        {
            return [];
        }

        var length = 0;
        while (true)
        {
            if (length == _buffer.Length)
            {
                if (length >= MostEnvironment)
                {
                    break;
                }

                Array.Resize(ref _buffer, length * 4);
            }

            fixed (byte* start = _buffer)
            {
                var count = (int)Libc.Read(file, start + length, _buffer.Length - length);
                if (count <= 0)
                {
                    break;
                }

                length += count;
            }
        }

        _ = Libc.Close(file);
        return _buffer.AsSpan(0, length);
    }
}
