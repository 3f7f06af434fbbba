using System.Runtime.InteropServices;
using System.Text;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>One descriptor of the child: a file it opens itself, or a descriptor of ours.</summary>
/// <param name="Target">The descriptor in the child.</param>
/// <param name="Path">The file to open; null: <paramref name="Source"/> counts.</param>
/// <param name="Write">Creates or empties the file and appends to it; false: reads it.</param>
/// <param name="Source">The descriptor of ours.</param>
internal readonly record struct ChildFile(int Target, string? Path, bool Write = false, int Source = -1);

/// <summary>
/// posix_spawn: unlike Process.Start it gives the child its own session (so process id, group and session are one
/// number) and lets it open its own files, so there is no pipe that anyone could hang on.
/// </summary>
internal static unsafe partial class PosixSpawn
{
    // Both structures are opaque: at most 336 bytes on Linux, one pointer on macOS.
    private const int OpaqueSize = 512;
    private const short ResetSignals = 0x04;
    private const short EmptySignalMask = 0x08;

    private static short NewSession => OperatingSystem.IsMacOS() ? (short)0x400 : (short)0x80;

    // O_WRONLY | O_CREAT | O_TRUNC | O_APPEND: a child that empties its own file does not leave a hole before the next line.
    private static int WriteFlags => OperatingSystem.IsMacOS() ? 0x1 | 0x200 | 0x400 | 0x8 : 0x1 | 0x40 | 0x200 | 0x400;

    /// <summary>Starts a program in a session of its own with default signal handling.</summary>
    /// <param name="program">A full path.</param>
    /// <param name="arguments">The arguments after the program's name.</param>
    /// <param name="environment">All variables.</param>
    /// <param name="workingDirectory">A folder.</param>
    /// <param name="files">Descriptors 0, 1, 2 and what else it needs, in this order.</param>
    /// <param name="pid">The child.</param>
    /// <returns>0 or an errno.</returns>
    public static int Start(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        string workingDirectory,
        ReadOnlySpan<ChildFile> files,
        out int pid)
    {
        var actions = stackalloc long[OpaqueSize / sizeof(long)];
        var attributes = stackalloc long[OpaqueSize / sizeof(long)];
        var signals = stackalloc long[128 / sizeof(long)];
        var argv = Pack([program, .. arguments]);
        var envp = Pack([.. environment.Select(v => v.Key + "=" + v.Value)]);
        pid = 0;
        if (ActionsInit(actions) is var error and not 0)
        {
            return error;
        }

        try
        {
            if ((error = AttributesInit(attributes)) != 0)
            {
                return error;
            }

            try
            {
                // The runtime ignores SIGPIPE, and an ignored signal stays ignored across exec.
                _ = FillSignals(signals);
                error = AttributesSetDefault(attributes, signals);
                _ = EmptySignals(signals);
                error = error != 0 ? error : AttributesSetMask(attributes, signals);
                error = error != 0 ? error : AttributesSetFlags(attributes, (short)(NewSession | ResetSignals | EmptySignalMask));
                foreach (var file in files)
                {
                    error = error != 0 ? error
                        : file.Path is null ? ActionsDuplicate(actions, file.Source, file.Target)
                        : ActionsOpen(actions, file.Target, file.Path, file.Write ? WriteFlags : 0, 0x1A4 /* 0644 */);
                }

                error = error != 0 ? error : ActionsChangeDirectory(actions, workingDirectory);
                fixed (byte* arg = argv.Bytes, env = envp.Bytes)
                fixed (nint* argPointers = argv.Offsets, envPointers = envp.Offsets)
                {
                    Relocate(argPointers, argv.Offsets.Length, arg);
                    Relocate(envPointers, envp.Offsets.Length, env);
                    return error != 0 ? error : Spawn(out pid, program, actions, attributes, argPointers, envPointers);
                }
            }
            finally
            {
                _ = AttributesDestroy(attributes);
            }
        }
        finally
        {
            _ = ActionsDestroy(actions);
        }
    }

    // All texts in one block, each ended by a zero byte, and the places where they begin.
    private static (byte[] Bytes, nint[] Offsets) Pack(IReadOnlyList<string> texts)
    {
        var bytes = new byte[texts.Sum(Encoding.UTF8.GetByteCount) + texts.Count + 1];
        var offsets = new nint[texts.Count + 1];
        var end = 0;
        for (var i = 0; i < texts.Count; i++)
        {
            offsets[i] = end;
            end += Encoding.UTF8.GetBytes(texts[i], bytes.AsSpan(end)) + 1;
        }

        return (bytes, offsets);
    }

    private static void Relocate(nint* places, int count, byte* start)
    {
        for (var i = 0; i < count - 1; i++)
        {
            places[i] += (nint)start;
        }

        places[count - 1] = 0;
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int pid, string path, void* actions, void* attributes, nint* argv, nint* envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int ActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int ActionsDestroy(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ActionsOpen(void* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int ActionsDuplicate(void* actions, int fd, int newFd);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ActionsChangeDirectory(void* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int AttributesSetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int AttributesSetDefault(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int AttributesSetMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int FillSignals(void* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int EmptySignals(void* signals);
}
