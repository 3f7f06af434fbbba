using System.Globalization;
using System.Management.Automation.Runspaces;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Workers;

namespace PSRunner.Scripts;

/// <summary>
/// Runs scripts in runspaces of this process: no process start, no crossing, and no protection. A script that ignores its
/// cancellation is abandoned with its runspace, and one that ends the process ends the batch.
/// </summary>
#pragma warning disable CA1001 // Whoever begins a session disposes of the pool; the executor outlives it and may run another.
internal sealed class RunspaceExecutor(string fingerprint, IReadOnlyList<string> metrics, ScriptSetup setup, CancellationToken canceled) : ISessionExecutor
#pragma warning restore CA1001
{
    private Pool? _pool;
    private bool _isTried;

    /// <inheritdoc/>
    public string Kind => ScriptCases.Kind;

    /// <inheritdoc/>
    public string Fingerprint => fingerprint;

    /// <inheritdoc/>
    public IReadOnlyList<string> Metrics => metrics;

    /// <inheritdoc/>
    public bool JudgesModel => false;

    /// <inheritdoc/>
    public bool CanCrashHost => true;

    /// <inheritdoc/>
    public double DefaultTestTimeoutSeconds => 600;

    /// <inheritdoc/>
    public double ReadySeconds => WorkerProcess.SetUpLimit.TotalSeconds;

    /// <inheritdoc/>
    public IDisposable BeginSession(SessionFacts session) => _pool = new Pool(session, setup);

    /// <inheritdoc/>
    public void TryOut()
    {
        if (setup.IsEmpty || _isTried)
        {
            return;
        }

        var work = new WorkFolder(Directory.CreateTempSubdirectory("psrunner-trial-").FullName);
        using var thread = new RunspaceThread(setup, work);
        try
        {
            thread.Ready.WaitAsync(WorkerProcess.SetUpLimit, canceled).GetAwaiter().GetResult();
            _isTried = true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new TestBatchException("ScriptSetupFailed", ErrorKind.InvalidArgument, $"The runspace could not be prepared: {Why(e)}. Nothing was started.", null, e);
        }
        finally
        {
            work.Remove(static _ => { });
        }
    }

    /// <inheritdoc/>
    public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
    {
        var pool = _pool ?? throw new InvalidOperationException("Scripts run in a session.");
        RunspaceThread thread;
        try
        {
            thread = pool.Rent();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            return new AttemptReport { Cause = Causes.NotStarted, Message = $"The runspace's {(e is OutOfMemoryException ? "thread" : "folder")} could not be made: {e.Message}" };
        }

        context.HoldClock();
        ScriptRunspace runspace;
        try
        {
            runspace = await thread.Ready.WaitAsync(WorkerProcess.SetUpLimit, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            pool.Retire(thread);
            throw;
        }
        catch (Exception e)
        {
            pool.Retire(thread);
            if (thread.IsAbandoned && !cancellation.IsCancellationRequested)
            {
                throw Pool.ShellEnds();
            }

            return new AttemptReport { Cause = Causes.NotStarted, Message = $"The runspace could not be prepared: {Why(e)}." };
        }
        finally
        {
            context.StartClock();
        }

        var output = new OutputCapture(context);
        var run = thread.RunAsync(context.SharedText ?? "", context.Case.Definition, output);
        try
        {
            await run.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            thread.Stop();
            await Task.WhenAny(run, Task.Delay(pool.Grace, context.Time, CancellationToken.None)).ConfigureAwait(false);
            if (!run.IsCompleted)
            {
                thread.Abandon();
            }
        }

        var report = await run.ConfigureAwait(false);
        if (thread.IsAbandoned && !cancellation.IsCancellationRequested)
        {
            pool.Retire(thread);
            throw Pool.ShellEnds();
        }

        var isTidy = thread.Work.TidyUp(report.Cause == Causes.None ? null : pool.PathFor(context), pool.Note);
        if (cancellation.IsCancellationRequested || runspace.IsSpent || !isTidy)
        {
            pool.Retire(thread);
        }
        else
        {
            pool.Return(thread);
        }

        return output.Complete(report);
    }

    private static string Why(Exception e) => e is TimeoutException
        ? string.Create(CultureInfo.InvariantCulture, $"it was not ready within {WorkerProcess.SetUpLimit.TotalSeconds:0} s") : e.Message.TrimEnd('.');

    /// <summary>The runspaces of a session: as many as attempts run at once.</summary>
    private sealed class Pool : IDisposable
    {
        private readonly SessionFacts _session;
        private readonly ScriptSetup _setup;
        private readonly Runspace? _shell = Runspace.DefaultRunspace;
        private readonly Lock _lock = new();
        private readonly Stack<RunspaceThread> _idle = new();
        private readonly HashSet<RunspaceThread> _all = [];
        private int _count;
        private bool _closed;
        private bool _shellEnds;

        /// <param name="session">The session.</param>
        /// <param name="setup">What the runspaces are prepared with.</param>
        public Pool(SessionFacts session, ScriptSetup setup)
        {
            (_session, _setup) = (session, setup);
            if (_shell is not null)
            {
                _shell.StateChanged += EndWithShell;
            }
        }

        public Action<string> Note => _session.Note;

        public TimeSpan Grace => _session.Grace;

        /// <summary>No verdict for what a shell's end cut off; it runs in the next session.</summary>
        public static CasePostponedException ShellEnds() => new("Its shell ends.");

        public RunspaceThread Rent()
        {
            lock (_lock)
            {
                if (_shellEnds)
                {
                    throw ShellEnds();
                }

                if (_idle.TryPop(out var idle))
                {
                    return idle;
                }

                var made = new RunspaceThread(_setup, new WorkFolder(Path.Combine(_session.ScratchFolder, string.Create(CultureInfo.InvariantCulture, $"runspace-{++_count}"))));
                _all.Add(made);
                return made;
            }
        }

        public void Return(RunspaceThread thread)
        {
            lock (_lock)
            {
                if (!_closed)
                {
                    _idle.Push(thread);
                    return;
                }
            }

            Retire(thread);
        }

        public void Retire(RunspaceThread thread)
        {
            lock (_lock)
            {
                _all.Remove(thread);
            }

            thread.Dispose();
            thread.Work.Remove(Note);
        }

        /// <summary>Where what an attempt left is kept.</summary>
        public string PathFor(AttemptContext context) =>
            Path.Combine(_session.ScratchFolder, string.Create(CultureInfo.InvariantCulture, $"{context.CaseId}-{_session.Number}-{context.Attempt}"));

        public void Dispose()
        {
            if (_shell is not null)
            {
                _shell.StateChanged -= EndWithShell;
            }

            List<RunspaceThread> idle, busy;
            lock (_lock)
            {
                _closed = true;
                idle = [.. _idle];
                busy = [.. _all.Except(idle)];
                _idle.Clear();
            }

            idle.ForEach(Retire);
            busy.ForEach(thread => thread.Abandon());
            if (Directory.Exists(_session.ScratchFolder) && !Directory.EnumerateFileSystemEntries(_session.ScratchFolder).Any())
            {
                Directory.Delete(_session.ScratchFolder);
            }
        }

        // Before a shell ends PowerShell closes the runspaces that are open and waits for their scripts, so that a job's script
        // which nothing can end would keep it. Those that are closing by then it leaves alone.
        private void EndWithShell(object? sender, RunspaceStateEventArgs e)
        {
            if (e.RunspaceStateInfo.State is RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken)
            {
                List<RunspaceThread> all;
                lock (_lock)
                {
                    _shellEnds = true;
                    all = [.. _all];
                }

                all.ForEach(thread => thread.Abandon());
            }
        }
    }
}
