using System.Collections.Concurrent;
using System.Globalization;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Processes;

/// <summary>
/// What the executors of one session share that start processes: the keeper of the trees, the watch on their output. One
/// for all of them, because it first sweeps what an earlier session left, and a second sweep would end the first's trees.
/// </summary>
internal sealed class SessionProcesses : IDisposable
{
    private const int LittleSpace = 1 << 20;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan ShutdownMoment = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan AfterFullDisk = TimeSpan.FromSeconds(10);

    private readonly SessionFacts _facts;
    private readonly ConcurrentStack<ScratchFolder> _scratch = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _swept;
    private int _scratchCount;

    /// <param name="facts">The session.</param>
    public SessionProcesses(SessionFacts facts)
    {
        _facts = facts;
        Trees = ProcessTrees.Create();
        Watch = new OutputWatch(LookEvery);
        _swept = facts.Number > 1 ? SweepAsync() : Task.CompletedTask;
    }

    /// <summary>Starts and ends processes.</summary>
    public IProcessTrees Trees { get; }

    /// <summary>Sees their output grow.</summary>
    public OutputWatch Watch { get; }

    /// <summary>
    /// Time between asking and killing: the session's grace less what killing, verifying and reading the output take,
    /// because an attempt that has not returned when the grace is over is given up. A shorter grace than that kills at once.
    /// </summary>
    public TimeSpan Grace => _facts.Grace > Reserve ? _facts.Grace - Reserve : TimeSpan.Zero;

    /// <summary>What the processes of one test may hold together (KiB); 0: no limit of their own.</summary>
    public long MemoryLimitKiB => (_facts.MemoryLimitMB ?? 0) * 1024L;

    /// <summary>What is said of a test that held more than it might.</summary>
    public string DescribeOverLimit(ProcessExit exit) => string.Create(
        CultureInfo.InvariantCulture, $"its processes held {exit.OverLimitKiB / 1024} MB, more than the {_facts.MemoryLimitMB} MB of -MemoryLimitMB, and were ended");

    /// <summary>Processes as a message names them.</summary>
    public static string Describe(IEnumerable<SurvivingProcess> survivors) =>
        string.Join(", ", survivors.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Pid} ({s.Command})")));

    /// <summary>Completes when what an earlier session left running is gone; no process may start before.</summary>
    public Task SweptAsync(CancellationToken cancellation) => _swept.WaitAsync(cancellation);

    /// <summary>
    /// What is believed of a test that ended: no verdict when the disk takes nothing more, because what it wrote may be missing, and
    /// whatever it said of that is the disk's doing.
    /// </summary>
    public AttemptReport Believe(AttemptReport report) => !IsDiskFull() ? report : report with
    {
        Cause = Causes.Lost,
        Score = double.NaN,
        ScoreDecides = false,
        Message = $"The disk of the run folder is full, so what it wrote may be missing{(report.Message.Length == 0 ? "" : $". It said: {report.Message}")}",
        RetryAfter = AfterFullDisk,
    };

    /// <summary>
    /// Waits a moment after an end that may be the beginning of ours: a shutdown of the system, or of the service that all runs in,
    /// reaches tests and this process in any order, and what it ended has no verdict.
    /// </summary>
    public async Task LetShutdownComeAsync(ProcessExit exit, CancellationToken cancellation)
    {
        if (exit.Signal is "SIGTERM" or "SIGHUP" or "SIGINT" || exit.ExitCode is 129 or 130 or 143)
        {
            await Task.Delay(ShutdownMoment, _facts.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The marker of an attempt's processes.</summary>
    public string MarkerOf(AttemptContext context) => string.Create(CultureInfo.InvariantCulture, $"{_facts.BatchId}/{context.CaseId}/{context.Attempt}");

    /// <summary>The marker of what serves many attempts.</summary>
    public string MarkerOf(string name) => $"{_facts.BatchId}/{name}/0";

    /// <summary>A folder for an attempt, empty: one that served before, or a new one.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public ScratchFolder RentScratch() => _scratch.TryPop(out var idle) ? idle : new ScratchFolder(
        Path.Combine(_facts.ScratchFolder, string.Create(CultureInfo.InvariantCulture, $"command-{Interlocked.Increment(ref _scratchCount)}")), _facts.Note);

    /// <summary>Takes a folder back.</summary>
    /// <param name="scratch">The folder.</param>
    /// <param name="keepAs">Where what the program left there goes; null: nowhere.</param>
    /// <param name="reuse">False when something of the attempt may still write there.</param>
    public void ReturnScratch(ScratchFolder scratch, string? keepAs, bool reuse)
    {
        if (scratch.TidyUp(keepAs) && reuse)
        {
            _scratch.Push(scratch);
        }
        else
        {
            scratch.Remove();
        }
    }

    /// <summary>Where an attempt's folder is, or would be.</summary>
    public string PathFor(AttemptContext context) =>
        Path.Combine(_facts.ScratchFolder, string.Create(CultureInfo.InvariantCulture, $"{context.CaseId}-{_facts.Number}-{context.Attempt}"));

    /// <summary>Tells the user what could not be ended.</summary>
    public void NoteSurvivors(string name, string survivors) => _facts.Note($"'{name}' left processes that could not be ended: {survivors}");

    /// <summary>Ends by force whatever still runs.</summary>
    public void Dispose()
    {
        _closing.Cancel();
        Watch.Dispose();
        Trees.Dispose();
        _closing.Dispose();
        foreach (var scratch in _scratch)
        {
            scratch.Remove();
        }

        if (Directory.Exists(_facts.ScratchFolder) && !Directory.EnumerateFileSystemEntries(_facts.ScratchFolder).Any())
        {
            Directory.Delete(_facts.ScratchFolder);
        }
    }

    private async Task SweepAsync()
    {
        try
        {
            var report = await ProcessSweep.EndLeftoversAsync(_facts.BatchId + "/", _facts.Time, _closing.Token).ConfigureAwait(false);
            if (report.Killed > 0)
            {
                _facts.Note(string.Create(CultureInfo.InvariantCulture, $"{report.Killed} processes that an earlier session left running were ended."));
            }

            if (report.Survivors.Count > 0)
            {
                _facts.Note($"Processes of an earlier session could not be ended: {Describe(report.Survivors)}");
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The session ended first; the next one sweeps.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _facts.Note($"What an earlier session left running could not be looked for: {e.Message}");
        }
    }

    // Asked of every test, so the disk's figures come first; it is tried only when they are low.
    private bool IsDiskFull()
    {
        try
        {
            if (new DriveInfo(_facts.ScratchFolder).AvailableFreeSpace >= LittleSpace)
            {
                return false;
            }

            var path = Path.Combine(_facts.ScratchFolder, string.Create(CultureInfo.InvariantCulture, $"room-{Interlocked.Increment(ref _scratchCount)}"));
            using var probe = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            probe.Write(new byte[LittleSpace / 16]);
            return false;
        }
        catch (Exception e) when (e is DirectoryNotFoundException or DriveNotFoundException or UnauthorizedAccessException)
        {
            return false; // Gone or closed is another trouble than full.
        }
        catch (IOException)
        {
            return true;
        }
    }
}
