using System.Globalization;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>What Linux and macOS share: programs in sessions of their own, kept by one thread, guarded by one script.</summary>
internal sealed class UnixProcessTrees : IProcessTrees
{
    /// <summary>Variable that names the tree of a process, unique among all trees of all runners.</summary>
    public const string TreeVariable = "PSRUNNER_TREE";

    private const int Nice = 10;
    private const int FirstHandle = 3;

    private readonly string _token = Guid.NewGuid().ToString("N");
    private readonly ChildEnvironment _environment = new();
    private readonly Roster _roster = new();
    private readonly Guardian _guardian;
    private readonly ProcessKeeper _keeper;
    private readonly Action? _closed;
    private volatile Tuple<string, string?, string>? _found;
    private int _count;
    private int _disposed;

    /// <param name="watch">Owned.</param>
    /// <param name="relatives">How this system finds what belongs to a tree.</param>
    /// <param name="closed">Called once, when all is ended.</param>
    public UnixProcessTrees(IExitWatch watch, IRelatives relatives, Action? closed = null)
    {
        _guardian = new Guardian(_roster, $"{TreeVariable}={_token}-");
        _closed = closed;
        _keeper = new ProcessKeeper(watch, relatives, _roster, CloseDown);
    }

    public long MemoryKiB => _keeper.MemoryKiB;

    public ProcessTree Start(ProcessTreeOptions options)
    {
        var start = _keeper.BeginStart();
        try
        {
            return StartKept(options);
        }
        finally
        {
            _keeper.EndStart(start);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _keeper.Dispose();
        }
    }

    // Not before the last tree is over: who loses its parent after nobody adopts orphans any more, and nobody guards, is lost.
    private void CloseDown()
    {
        _guardian.Dispose();
        _roster.Dispose();
        _closed?.Invoke();
    }

    private UnixProcessTree StartKept(ProcessTreeOptions options)
    {
        var tag = string.Create(CultureInfo.InvariantCulture, $"{_token}-{Interlocked.Increment(ref _count)}");
        var environment = _environment.For(options);
        environment[TreeVariable] = tag;
        var handles = HandlesOf(options);
        if (handles.Length > 0)
        {
            environment[ProcessTrees.HandlesVariable] = string.Join(',', handles.Select(h => h.Target));
        }

        var program = Find(options.Program, options.WorkingDirectory, environment.GetValueOrDefault("PATH"));
        StartFailures.RejectZeroBytes(options, environment);
        var input = WriteInput(options);
        try
        {
            _guardian.EnsureAlive();
            ReadOnlySpan<ChildFile> files =
            [
                new(0, input ?? "/dev/null"),
                new(1, options.StandardOutputPath, Write: true),
                options.StandardErrorPath == options.StandardOutputPath ? new(2, null, Source: 1) : new(2, options.StandardErrorPath, Write: true),
                .. handles,
            ];
            var error = PosixSpawn.Start(program, options.Arguments, environment, options.WorkingDirectory, files, out var pid);
            if (error != 0)
            {
                throw StartFailures.Explain(error, program, options);
            }

            if (options.Yields)
            {
                Yield(pid);
            }

            var tree = new UnixProcessTree(pid, tag, _keeper)
            {
                OutputPath = options.StandardOutputPath,
                MemoryLimitKiB = options.MemoryLimitKiB,
                PeakAtStartKiB = OwnPeakKiB(),
            };
            _keeper.Add(tree);
            return tree;
        }
        finally
        {
            if (input is not null)
            {
                // The child holds it open.
                File.Delete(input);
            }
        }
    }

    // Each gets a number in the child that is none of ours to pass on, so that no copy overwrites the source of the next.
    private static ChildFile[] HandlesOf(ProcessTreeOptions options)
    {
        var sources = options.Handles.Select(h => (int)h.DangerousGetHandle()).ToList();
        var first = FirstHandle;
        while (sources.Exists(source => source >= first && source < first + sources.Count))
        {
            first += sources.Count;
        }

        return [.. sources.Select((source, i) => new ChildFile(first + i, null, Source: source))];
    }

    // A name found once is not looked for again in all of PATH while its file is there.
    private string Find(string program, string workingDirectory, string? searchPath)
    {
        if (_found is var (name, path, file) && name == program && path == searchPath && Libc.Access(file, Libc.X_OK) == 0)
        {
            return file;
        }

        var found = ProgramPath.Find(program, workingDirectory, searchPath);
        _found = program.Contains('/', StringComparison.Ordinal) ? null : Tuple.Create(program, searchPath, found);
        return found;
    }

    // A file rather than a pipe: nobody has to feed it while the child does not read.
    private static string? WriteInput(ProcessTreeOptions options)
    {
        if (options.StandardInput.IsEmpty)
        {
            return null;
        }

        var path = options.StandardOutputPath + ".stdin";
        try
        {
            File.WriteAllBytes(path, options.StandardInput.Span);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProcessStartException(ProcessStartFailure.NoFolder, $"The standard input could not be put into '{path}': {e.Message}");
        }
    }

    // From outside, some microseconds after the start: the program is still loading. Refusals (it ended, or a sandbox
    // forbids it) change nothing about the test.
    private static unsafe void Yield(int pid)
    {
        _ = Libc.SetPriority(0, pid, Nice);
        var file = Libc.Open($"/proc/{pid}/oom_score_adj", 1);
        if (file >= 0)
        {
            fixed (byte* most = "1000"u8)
            {
                _ = Libc.Write(file, most, 4);
            }

            _ = Libc.Close(file);
        }
    }

    // macOS counts each program from its own start.
    private static unsafe long OwnPeakKiB()
    {
        Libc.ResourceUse use;
        return OperatingSystem.IsMacOS() || Libc.GetResourceUse(Libc.RUSAGE_SELF, &use) != 0 ? 0 : use.PeakKiB;
    }
}
