using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Processes.Windows;

/// <summary>Windows: each program is created inside a job object of its own, so there is no moment at which it is outside.</summary>
internal sealed unsafe class WindowsProcessTrees : IProcessTrees
{
    private const int FileNotFound = 2;
    private const int AccessDenied = 5;
    private const int BadFormat = 193;
    private const int BadDirectory = 267;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly ChildEnvironment _environment = new();
    private readonly ConcurrentDictionary<WindowsProcessTree, bool> _trees = new();
    private volatile bool _disposed;

    public long MemoryKiB => 0;

    public ProcessTree Start(ProcessTreeOptions options)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var environment = _environment.For(options);
        if (options.Handles.Count > 0)
        {
            environment[ProcessTrees.HandlesVariable] = string.Join(',', options.Handles.Select(h => h.DangerousGetHandle()));
        }

        var program = ProgramPath.Find(options.Program, options.WorkingDirectory, environment.GetValueOrDefault("PATH"));
        var job = new Job();
        try
        {
            using var input = OpenInput(options);
            using var output = OpenOutput(options.StandardOutputPath);
            using var error = options.StandardErrorPath == options.StandardOutputPath ? null : OpenOutput(options.StandardErrorPath);
            var line = CommandLine.Join(program, options.Arguments);
            var started = Create(program, line, BlockOf(environment), options, job, input, output, error ?? output);
            _ = Kernel32.CloseHandle(started.Thread);
            var tree = new WindowsProcessTree(started.ProcessId, new SafeProcessHandle(started.Process, ownsHandle: true), job, t => _trees.TryRemove(t, out _));
            _trees[tree] = true;
            _ = tree.KeepAsync();
            return tree;
        }
        catch
        {
            job.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _disposed = true;
        var ends = _trees.Keys.Select(t => (Task)t.EndAsync(TimeSpan.Zero)).ToArray();
        SpinWait.SpinUntil(() => ends.All(e => e.IsCompleted), CloseLimit);
    }

    /// <summary>Name=value texts, each ended by a zero, sorted as the system wants them, and one more zero.</summary>
    internal static string BlockOf(IReadOnlyDictionary<string, string> environment)
    {
        var block = new StringBuilder();
        foreach (var (name, value) in environment.OrderBy(v => v.Key, StringComparer.OrdinalIgnoreCase))
        {
            block.Append(name).Append('=').Append(value).Append('\0');
        }

        return block.Append('\0').ToString();
    }

    private static Kernel32.ProcessInformation Create(
        string program, string line, string block, ProcessTreeOptions options, Job job, SafeFileHandle input, SafeFileHandle output, SafeFileHandle error)
    {
        nuint size = 0;
        _ = Kernel32.InitializeAttributes(null, 2, 0, &size);
        var attributes = NativeMemory.Alloc(size);
        // Only these handles are inherited, and a handle may be listed once.
        nint[] given = [input.DangerousGetHandle(), output.DangerousGetHandle(), error.DangerousGetHandle(), .. options.Handles.Select(h => h.DangerousGetHandle())];
        nint[] inherited = [.. given.Distinct()];
        var jobs = stackalloc nint[] { job.DangerousGetHandle() };
        try
        {
            Check(Kernel32.InitializeAttributes(attributes, 2, 0, &size), program, options);
            try
            {
                fixed (nint* files = inherited)
                {
                    Check(Kernel32.UpdateAttribute(attributes, 0, Kernel32.HandleListAttribute, files, (nuint)(inherited.Length * sizeof(nint)), null, null), program, options);
                    return Create(program, line, block, options, attributes, jobs, given);
                }
            }
            finally
            {
                Kernel32.DeleteAttributes(attributes);
            }
        }
        finally
        {
            NativeMemory.Free(attributes);
        }
    }

    private static Kernel32.ProcessInformation Create(
        string program, string line, string block, ProcessTreeOptions options, void* attributes, nint* jobs, nint[] given)
    {
        Check(Kernel32.UpdateAttribute(attributes, 0, Kernel32.JobListAttribute, jobs, (nuint)sizeof(nint), null, null), program, options);
        var startup = new Kernel32.StartupInfo
        {
            Size = sizeof(Kernel32.StartupInfo),
            Flags = Kernel32.UseStdHandles,
            Input = given[0],
            Output = given[1],
            Error = given[2],
            Attributes = (nint)attributes,
        };
        var flags = Kernel32.CreateUnicodeEnvironment | Kernel32.ExtendedStartupInfo | Kernel32.CreateNoWindow
            | (options.Yields ? Kernel32.BelowNormalPriority : 0);
        Kernel32.ProcessInformation started;
        fixed (char* text = (line + '\0').ToCharArray(), variables = block)
        {
            Check(Kernel32.CreateProcess(program, text, null, null, true, flags, variables, options.WorkingDirectory, &startup, &started), program, options);
        }

        return started;
    }

    private static void Check(bool done, string program, ProcessTreeOptions options)
    {
        if (done)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        var text = new Win32Exception(error).Message;
        throw error switch
        {
            BadDirectory => new ProcessStartException(ProcessStartFailure.NoFolder, $"The working directory '{options.WorkingDirectory}' does not exist."),
            FileNotFound => new ProcessStartException(ProcessStartFailure.NoSuchProgram, $"There is no program '{program}'."),
            BadFormat => new ProcessStartException(ProcessStartFailure.NotExecutable, $"'{program}' is no program of this system."),
            AccessDenied => new ProcessStartException(ProcessStartFailure.NoPermission, $"The system forbids running '{program}': {text}"),
            _ => new ProcessStartException(ProcessStartFailure.System, $"'{program}' could not be started: {text}"),
        };
    }

    // A file rather than a pipe: nobody has to feed it while the child does not read. It goes with its last handle.
    private static SafeFileHandle OpenInput(ProcessTreeOptions options)
    {
        if (options.StandardInput.IsEmpty)
        {
            return Open("NUL", FileMode.Open, FileAccess.Read, FileOptions.None);
        }

        var path = options.StandardOutputPath + ".stdin";
        using (var file = Open(path, FileMode.Create, FileAccess.Write, FileOptions.None))
        {
            RandomAccess.Write(file, options.StandardInput.Span, 0);
        }

        return Open(path, FileMode.Open, FileAccess.Read, FileOptions.DeleteOnClose);
    }

    private static SafeFileHandle OpenOutput(string path) => Open(path, FileMode.Create, FileAccess.Write, FileOptions.None);

    private static SafeFileHandle Open(string path, FileMode mode, FileAccess access, FileOptions options)
    {
        try
        {
            var file = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete, options);
            _ = Kernel32.SetHandleInformation(file, Kernel32.Inherit, Kernel32.Inherit);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProcessStartException(ProcessStartFailure.NoFolder, $"'{path}' cannot be opened: {e.Message}");
        }
    }
}
