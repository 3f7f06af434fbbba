using System.Globalization;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Workers;

namespace PSRunner.Scripts;

/// <summary>
/// Runs scripts in runspaces of this process: no process start, no crossing, and no protection. A script that ignores its
/// cancellation is abandoned with its runspace, and one that ends the process ends the batch.
/// </summary>
#pragma warning disable CA1001 // Whoever begins a session disposes of the pool; the executor outlives it and may run another.
internal sealed class RunspaceExecutor(string fingerprint, IReadOnlyList<string> metrics, ScriptSetup setup) : ISessionExecutor
#pragma warning restore CA1001
{
    private Pool? _pool;

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
    public IDisposable BeginSession(SessionFacts session) => _pool = new Pool(session, setup);

    /// <inheritdoc/>
    public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
    {
        var pool = _pool ?? throw new InvalidOperationException("Scripts run in a session.");
        var thread = pool.Rent();
        context.HoldClock();
        ScriptRunspace runspace;
        try
        {
            runspace = await thread.Ready.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new AttemptReport { Cause = Causes.NotStarted, Message = $"The runspace could not be prepared: {e.Message}" };
        }
        finally
        {
            context.StartClock();
        }

        var output = new OutputCapture(context);
        var folder = pool.MakeFolder(context);
        AttemptReport report;
        using (cancellation.UnsafeRegister(static stopped => ((ScriptRunspace)stopped!).Stop(), runspace))
        {
            report = await thread.RunAsync(context.SharedText ?? "", context.Case.Definition, folder, output).ConfigureAwait(false);
        }

        pool.RemoveFolder(folder, keepWork: report.Cause != Causes.None);
        if (cancellation.IsCancellationRequested)
        {
            thread.Dispose();
        }
        else
        {
            pool.Return(thread);
        }

        return report with { Output = output.Text, Artifacts = [.. report.Artifacts, .. output.Artifacts] };
    }

    /// <summary>The runspaces of a session: as many as attempts run at once.</summary>
    private sealed class Pool(SessionFacts session, ScriptSetup setup) : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly Stack<RunspaceThread> _idle = new();
        private int _count;
        private bool _closed;

        public RunspaceThread Rent()
        {
            lock (_lock)
            {
                return _idle.TryPop(out var idle) ? idle : new RunspaceThread(setup, string.Create(CultureInfo.InvariantCulture, $"PSRunner runspace {++_count}"));
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

            thread.Dispose();
        }

        /// <summary>The folder that an attempt begins in.</summary>
        public string MakeFolder(AttemptContext context)
        {
            var path = Path.Combine(session.ScratchFolder, string.Create(CultureInfo.InvariantCulture, $"{context.CaseId}-{session.Number}-{context.Attempt}"));
            Directory.CreateDirectory(path);
            return path;
        }

        /// <summary>Removes it; what a test left there stays if asked for.</summary>
        public void RemoveFolder(string path, bool keepWork)
        {
            try
            {
                if (Directory.Exists(path) && !(keepWork && Directory.EnumerateFileSystemEntries(path).Any()))
                {
                    Directory.Delete(path, recursive: true);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                session.Note($"The scratch folder '{path}' could not be removed: {e.Message}");
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _closed = true;
                foreach (var thread in _idle)
                {
                    thread.Dispose();
                }

                _idle.Clear();
            }

            if (Directory.Exists(session.ScratchFolder) && !Directory.EnumerateFileSystemEntries(session.ScratchFolder).Any())
            {
                Directory.Delete(session.ScratchFolder);
            }
        }
    }
}
