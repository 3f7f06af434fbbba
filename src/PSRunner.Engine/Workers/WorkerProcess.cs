using System.Globalization;
using System.IO.Pipes;
using System.Text;
using System.Text.Json;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Workers;

/// <summary>
/// A worker as its runner sees it: a process tree, the channel to it, and a thread that reads what it says. The thread is
/// its own, because tests may have blocked every thread of the pool. Used by one attempt at a time.
/// </summary>
#pragma warning disable CA1001 // EndAsync closes the channel: it has to wait for the process.
internal sealed class WorkerProcess
#pragma warning restore CA1001
{
    private const long LongestFile = 64 << 20;
    private const int LongestReason = 300;
    private const int MostOpening = 4096;
    private const long MostGrowth = 256 << 20;

    /// <summary>How long a worker, or a runspace, may take until it is ready.</summary>
    internal static readonly TimeSpan SetUpLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan EndLimit = ProcessTree.VerifyLimit + TimeSpan.FromSeconds(1);

    private readonly SessionProcesses _processes;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private readonly WorkFolder _work;
    private readonly Action<string> _note;
    private readonly WorkerChannel _channel;
    private readonly ProcessTree _tree;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<string?> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private RunningCase? _running;
    private bool _gone;
    private long _firstMemory;
    private bool _spent;

    /// <summary>Starts a worker; it is not ready before <see cref="SetUpAsync"/>.</summary>
    /// <param name="session">The session.</param>
    /// <param name="command">The program.</param>
    /// <param name="name">Unique in the session.</param>
    /// <exception cref="ProcessStartException">It could not be started.</exception>
    /// <exception cref="IOException">Its folder could not be made.</exception>
    public WorkerProcess(SessionFacts session, WorkerCommand command, string name)
    {
        _processes = session.Processes;
        _time = session.Time;
        _folder = Path.Combine(session.ScratchFolder, name);
        _note = session.Note;
        _work = new WorkFolder(Path.Combine(_folder, "work"));
        _work.Make();
        var inheritability = OperatingSystem.IsWindows() ? HandleInheritability.Inheritable : HandleInheritability.None;
        var toWorker = new AnonymousPipeServerStream(PipeDirection.Out, inheritability);
        var fromWorker = new AnonymousPipeServerStream(PipeDirection.In, inheritability);
        try
        {
            _tree = _processes.Trees.Start(new ProcessTreeOptions
            {
                Program = command.Program,
                Arguments = command.Arguments,
                WorkingDirectory = _work.Path,
                StandardOutputPath = OutputFile,
                StandardErrorPath = ErrorFile,
                Handles = [toWorker.ClientSafePipeHandle, fromWorker.ClientSafePipeHandle],
                Environment = WorkerEnvironment.Enter(),
                Marker = _processes.MarkerOf(name),
                MemoryLimitKiB = _processes.MemoryLimitKiB,
                Yields = true,
            });
        }
        catch
        {
            toWorker.Dispose();
            fromWorker.Dispose();
            new WorkFolder(_folder).Remove(_note);
            throw;
        }

        toWorker.DisposeLocalCopyOfClientHandle();
        fromWorker.DisposeLocalCopyOfClientHandle();
        _channel = new WorkerChannel(fromWorker, toWorker);
        try
        {
            new Thread(Listen, 256 * 1024) { IsBackground = true, Name = $"PSRunner {name}" }.Start();
        }
        catch (OutOfMemoryException)
        {
            _channel.Dispose(); // Without it the worker ends by itself.
            throw;
        }
    }

    /// <summary>Cases it ran.</summary>
    public int Cases { get; private set; }

    /// <summary>False when it is gone, or must not run another case.</summary>
    public bool IsUsable
    {
        get
        {
            lock (_lock)
            {
                return !_gone && !_spent;
            }
        }
    }

    private string OutputFile => Path.Combine(_folder, "stdout.txt");

    private string ErrorFile => Path.Combine(_folder, "stderr.txt");

    /// <summary>Waits until it is prepared, at most a minute.</summary>
    /// <returns>Null, or why it cannot run anything.</returns>
    public async Task<string?> SetUpAsync(string setup, CancellationToken cancellation)
    {
        try
        {
            // Beside: what is longer than a pipe holds is not taken before the worker reads, and that may be never.
            var sent = Task.Run(() => Send(WorkerMessage.SetUp, Encoding.UTF8.GetBytes(setup)), CancellationToken.None);
            var problem = await _ready.Task.WaitAsync(SetUpLimit, _time, cancellation).ConfigureAwait(false);
            await sent.ConfigureAwait(false);
            return problem;
        }
        catch (TimeoutException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"it was not ready within {SetUpLimit.TotalSeconds:0} s");
        }
    }

    /// <summary>Runs a case to its end, or ends it.</summary>
    public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
    {
        var output = new OutputCapture(context);
        var run = new RunningCase(++Cases, output, context);
        var (outputStart, errorStart) = (LengthOf(OutputFile), LengthOf(ErrorFile));
        Begin(run);
        WorkerReport? report;
        using (_processes.Watch.Watch([OutputFile, ErrorFile], _ => context.ReportProgress("wrote output"), [outputStart, errorStart]))
        using (cancellation.UnsafeRegister(static worker => _ = ((WorkerProcess)worker!).StopAsync(), this))
        {
            SendCase(run.Number, context);
            report = await run.Ended.ConfigureAwait(false);
        }

        if (report is not null && !cancellation.IsCancellationRequested)
        {
            Judge(report);
            output.Append(Written(outputStart, errorStart, out _));
            return output.Complete(report.Result.Cause == Causes.None ? report.Result : _processes.Believe(report.Result));
        }

        // Whatever it still says, it is not asked again: what was interrupted may be in any state. One that ends by itself
        // closes its pipes before its exit code can be had.
        _spent = true;
        if (!cancellation.IsCancellationRequested)
        {
            await Task.WhenAny(_tree.WaitAsync(CancellationToken.None), Task.Delay(LastMoment, _time, CancellationToken.None)).ConfigureAwait(false);
        }

        var exit = await _tree.EndAsync(TimeSpan.Zero).ConfigureAwait(false);
        await _processes.LetShutdownComeAsync(exit, cancellation).ConfigureAwait(false);
        if (exit.Survivors.Count > 0)
        {
            context.ReportProgress($"could not be ended: {SessionProcesses.Describe(exit.Survivors)}");
            _processes.NoteSurvivors(context.Case.Name, SessionProcesses.Describe(exit.Survivors));
        }

        output.Append(Written(outputStart, errorStart, out var reason));
        return output.Complete(
            exit.OverLimitKiB > 0
                ? new AttemptReport { Cause = Causes.MemoryLimit, Message = _processes.DescribeOverLimit(exit) }
                : new AttemptReport { Cause = Causes.WorkerCrash, Message = Describe(exit, reason) });
    }

    /// <summary>Empties the folder that the cases work in; what a case that did not pass left there is kept as that attempt's.</summary>
    public void TidyUp(AttemptContext context, bool passed) => _spent |= !_work.TidyUp(passed ? null : _processes.PathFor(context), _note);

    /// <summary>Ends it by force, with all it started.</summary>
    public async Task EndAsync()
    {
        _spent = true;
        _ = await _tree.EndAsync(TimeSpan.Zero).WaitAsync(EndLimit, _time).ConfigureAwait(false);
        _channel.Dispose();
        new WorkFolder(_folder).Remove(_note);
    }

    private void SendCase(int number, AttemptContext context)
    {
        var shared = context.Case.Shared;
        if (shared is not null && _known.Add(shared.Hash))
        {
            Send(WorkerMessage.Shared, Encoding.UTF8.GetBytes(shared.Hash + shared.Text));
        }

        var order = new WorkerCase { Number = number, Name = context.Case.Name, Definition = context.Case.Definition, SharedHash = shared?.Hash ?? "", Folder = _work.Path };
        Send(WorkerMessage.Case, JsonSerializer.SerializeToUtf8Bytes(order, WorkerJson.Default.WorkerCase));
    }

    // When the worker is gone, the listening thread says so.
    private void Send(WorkerMessage kind, ReadOnlySpan<byte> payload)
    {
        try
        {
            _channel.Send(kind, payload);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Lose();
        }
    }

    // Asked first, so that the test can clean up; killed when the grace is over.
    private async Task StopAsync()
    {
        var run = Volatile.Read(ref _running);
        if (run is { EndsAtOnce: false } && _processes.Grace > TimeSpan.Zero && _channel.TrySend(WorkerMessage.Stop))
        {
            await Task.WhenAny(run.Ended, Task.Delay(_processes.Grace, _time, CancellationToken.None)).ConfigureAwait(false);
        }

        _ = _tree.EndAsync(TimeSpan.Zero);
        Lose();
    }

    private void Listen()
    {
        while (_channel.TryRead(out var kind, out var payload))
        {
            var run = Volatile.Read(ref _running);
            switch (kind)
            {
                case WorkerMessage.Ready: BecomeReady(payload); break;
                case WorkerMessage.Failed: _ready.TrySetResult(Encoding.UTF8.GetString(payload)); break;
                case WorkerMessage.Output: run?.Output.Write(Encoding.UTF8.GetString(payload)); break;
                case WorkerMessage.Progress: run?.Output.Progress(Encoding.UTF8.GetString(payload)); break;
                case WorkerMessage.Step when StepLine.Parse(payload) is { } step: run?.Output.Step(step); break;
                case WorkerMessage.Report: run?.Take(ReadReport(payload)); break;
                default: break; // A later worker's; this one never sends others.
            }
        }

        Lose();
    }

    private static WorkerReport? ReadReport(byte[] payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, WorkerJson.Default.WorkerReport);
        }
        catch (JsonException)
        {
            return null; // A worker that writes nonsense is treated as one that died.
        }
    }

    private void Begin(RunningCase run)
    {
        lock (_lock)
        {
            Volatile.Write(ref _running, run);
            if (_gone)
            {
                run.End(null);
            }
        }
    }

    private void Lose()
    {
        lock (_lock)
        {
            _gone = true;
            _running?.End(null);
        }

        _ready.TrySetResult("it ended before it was ready: " + LastWords());
    }

    private void BecomeReady(byte[] payload)
    {
        _ = long.TryParse(payload, CultureInfo.InvariantCulture, out _firstMemory);
        _ready.TrySetResult(null);
    }

    // What one test keeps counts against the limit of the next: where there is one, a worker keeps little.
    private void Judge(WorkerReport report)
    {
        _firstMemory = _firstMemory == 0 ? report.Memory : _firstMemory;
        var (grown, limit) = (report.Memory - _firstMemory, _processes.MemoryLimitKiB * 1024);
        _spent |= report.IsSpent
            || (grown > MostGrowth && report.Memory > 2 * _firstMemory) || (limit > 0 && grown > limit / 4)
            || LengthOf(OutputFile) > LongestFile || LengthOf(ErrorFile) > LongestFile;
    }

    // What was written past PowerShell: by [Console], by programs that were not captured, by the runtime as it died.
    private string Written(long outputStart, long errorStart, out string reason)
    {
        var (text, error) = (new OutputTail("", 0), new OutputTail("", 0));
        if (LengthOf(OutputFile) > outputStart)
        {
            text = OutputTail.Read(OutputFile, from: outputStart);
        }

        if (LengthOf(ErrorFile) > errorStart)
        {
            error = OutputTail.Read(ErrorFile, from: errorStart);
        }

        reason = error.Length > 0 ? Opening(errorStart) : "";
        return string.Concat(
            text.Length > 0 ? $"[stdout]\n{text.Text}{(text.Text.EndsWith('\n') ? "" : "\n")}" : "",
            error.Length > 0 ? $"[stderr]\n{error.Text}" : "");
    }

    private string LastWords() => Opening(from: 0) is { Length: > 0 } reason ? reason : "it wrote nothing";

    // A dying runtime says what happened in its first two lines and where in hundreds more.
    private string Opening(long from)
    {
        var opening = string.Join(' ', OutputTail.ReadHead(ErrorFile, from, MostOpening).Split('\n', 3, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(2));
        return opening.Length <= LongestReason ? opening : opening[..LongestReason] + "…";
    }

    private static string Describe(ProcessExit exit, string reason)
    {
        var how = exit switch
        {
            { Signal.Length: > 0 } => $"ended by {exit.Signal}",
            { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $"ended with exit code {code}"),
            _ => "could not be ended",
        };
        return $"the worker process {how}{(reason.Length > 0 ? ": " + reason : "")}";
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private sealed class RunningCase(int number, OutputCapture output, AttemptContext context)
    {
        private readonly TaskCompletionSource<WorkerReport?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Number => number;

        public OutputCapture Output => output;

        public bool EndsAtOnce => context.EndsAtOnce;

        /// <summary>Null: the worker is gone.</summary>
        public Task<WorkerReport?> Ended => _ended.Task;

        /// <summary>What the worker said of a case that ended; null: nonsense. Said of an earlier case it is nothing.</summary>
        public void Take(WorkerReport? report)
        {
            if (report is null || report.Number == number)
            {
                End(report);
            }
        }

        public void End(WorkerReport? report) => _ended.TrySetResult(report);
    }
}
