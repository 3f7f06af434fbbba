using System.Globalization;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Workers;

/// <summary>The workers of a session: as many as attempts run at once, each warm for the next case.</summary>
/// <param name="session">The session.</param>
/// <param name="options">The kind of case.</param>
internal sealed class WorkerPool(SessionFacts session, WorkerOptions options) : IDisposable
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Stack<WorkerProcess> _idle = new();
    private readonly WorkerCommand _command = options.Command();
    private readonly SessionProcesses _processes = session.Processes; // Made now: a machine that refuses it is no test's fault.
    private int _count;
    private bool _closed;

    /// <summary>A worker that is ready; a new one when none is idle or a fresh one is wanted.</summary>
    /// <exception cref="WorkerStartException">None could be had.</exception>
    public async Task<WorkerProcess> RentAsync(bool fresh, CancellationToken cancellation)
    {
        await _processes.SweptAsync(cancellation).ConfigureAwait(false);
        while (TryTakeIdle() is { } idle)
        {
            if (!fresh && idle.IsUsable)
            {
                return idle;
            }

            await EndAsync(idle).ConfigureAwait(false);
            if (fresh)
            {
                break;
            }
        }

        return await StartAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Takes a worker back: for the next case, or to be ended.</summary>
    public async Task ReturnAsync(WorkerProcess worker)
    {
        if (worker.IsUsable && worker.Cases < options.CasesPerWorker && TryKeep(worker))
        {
            return;
        }

        await EndAsync(worker).ConfigureAwait(false);
    }

    /// <summary>Ends the idle ones; those that are out end when they come back, or with the session's processes.</summary>
    public void Dispose()
    {
        WorkerProcess[] idle;
        lock (_lock)
        {
            _closed = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        Task.WaitAll([.. idle.Select(EndAsync)], CloseLimit);
    }

    private async Task<WorkerProcess> StartAsync(CancellationToken cancellation)
    {
        WorkerProcess worker;
        try
        {
            worker = new WorkerProcess(session, _command, string.Create(CultureInfo.InvariantCulture, $"{options.Kind}-worker-{Interlocked.Increment(ref _count)}"));
        }
        catch (Exception e) when (e is ProcessStartException or IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            throw new WorkerStartException($"No worker process could be started: {e.Message}", e);
        }

        string? problem;
        try
        {
            problem = await worker.SetUpAsync(options.Setup, cancellation).ConfigureAwait(false);
        }
        catch
        {
            await EndAsync(worker).ConfigureAwait(false);
            throw;
        }

        if (problem is null)
        {
            return worker;
        }

        await EndAsync(worker).ConfigureAwait(false);
        throw new WorkerStartException($"The worker process could not be prepared: {problem}", null);
    }

    private async Task EndAsync(WorkerProcess worker)
    {
        try
        {
            await worker.EndAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or ObjectDisposedException)
        {
            session.Note($"A worker process could not be ended in time: {e.Message}");
        }
    }

    private WorkerProcess? TryTakeIdle()
    {
        lock (_lock)
        {
            return _idle.TryPop(out var worker) ? worker : null;
        }
    }

    private bool TryKeep(WorkerProcess worker)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _idle.Push(worker);
            }

            return !_closed;
        }
    }
}

/// <summary>There is no worker to run a case. Its cause is then <see cref="Causes.NotStarted"/>.</summary>
internal sealed class WorkerStartException(string message, Exception? inner) : Exception(message, inner);
