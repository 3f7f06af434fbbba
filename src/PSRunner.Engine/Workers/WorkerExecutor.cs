using System.Globalization;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Workers;

/// <summary>
/// Runs cases in worker processes, one at a time in each, so that whatever a test does it does to its worker: the worker is
/// killed at the test's limit, and a worker that dies takes one test with it.
/// </summary>
#pragma warning disable CA1001 // Whoever begins a session disposes of the pool; the executor outlives it and may run another.
internal sealed class WorkerExecutor(WorkerOptions options) : ISessionExecutor
#pragma warning restore CA1001
{
    private WorkerPool? _pool;
    private bool _isTried;

    /// <inheritdoc/>
    public string Kind => options.Kind;

    /// <inheritdoc/>
    public string Fingerprint => options.Fingerprint;

    /// <inheritdoc/>
    public IReadOnlyList<string> Metrics => options.Metrics;

    /// <inheritdoc/>
    public bool JudgesModel => false;

    /// <inheritdoc/>
    public bool CanCrashHost => false;

    /// <inheritdoc/>
    public double DefaultTestTimeoutSeconds => 600;

    /// <inheritdoc/>
    public double ReadySeconds => WorkerProcess.SetUpLimit.TotalSeconds;

    /// <inheritdoc/>
    public IDisposable BeginSession(SessionFacts session) => _pool = new WorkerPool(session, options);

    /// <inheritdoc/>
    public void TryOut()
    {
        if (!options.TryFirst || _isTried)
        {
            return;
        }

        // Nobody else's to read: what the user's script says as it prepares lies there.
        var folder = Directory.CreateTempSubdirectory("psrunner-trial-").FullName;
        try
        {
            TryOut(folder);
            _isTried = true;
        }
        finally
        {
            new WorkFolder(folder).Remove(static _ => { });
        }
    }

    private void TryOut(string folder)
    {
        using var facts = new SessionFacts(Path.GetFileName(folder), number: 1, folder, TimeSpan.Zero, TimeProvider.System, static _ => { });
        using var pool = new WorkerPool(facts, options);
        try
        {
            var worker = pool.RentAsync(fresh: false, options.Canceled).GetAwaiter().GetResult();
            pool.ReturnAsync(worker).GetAwaiter().GetResult();
        }
        catch (WorkerStartException e)
        {
            throw new TestBatchException("ScriptSetupFailed", ErrorKind.InvalidArgument, $"{e.Message.TrimEnd('.')}. Nothing was started.", null, e);
        }
    }

    /// <inheritdoc/>
    public Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation) => RunAsync(context, Timeout.InfiniteTimeSpan, cancellation);

    /// <summary>Runs one attempt that may take so long, without the time in which its worker is made ready.</summary>
    public async Task<AttemptReport> RunAsync(AttemptContext context, TimeSpan limit, CancellationToken cancellation)
    {
        var pool = _pool ?? throw new InvalidOperationException("Workers live in a session.");
        WorkerProcess worker;
        context.HoldClock();
        try
        {
            // Tried again: in a process that no other test has touched.
            worker = await pool.RentAsync(fresh: context.Try > 1, cancellation).ConfigureAwait(false);
        }
        catch (WorkerStartException e)
        {
            return new AttemptReport { Cause = Causes.NotStarted, Message = e.Message };
        }
        finally
        {
            context.StartClock();
        }

        try
        {
            using var late = new CancellationTokenSource(limit, context.Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
            var report = await worker.RunAsync(context, both.Token).ConfigureAwait(false);
            if (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                report = report with { Cause = Causes.TestTimeout, Message = string.Create(CultureInfo.InvariantCulture, $"no end within {limit.TotalSeconds:0.###} s") };
            }

            worker.TidyUp(context, report.Cause == Causes.None);
            return report;
        }
        finally
        {
            await pool.ReturnAsync(worker).ConfigureAwait(false);
        }
    }
}
