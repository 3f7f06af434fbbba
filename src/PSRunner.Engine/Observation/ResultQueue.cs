using System.Diagnostics.CodeAnalysis;

namespace PSRunner.Engine.Observation;

/// <summary>
/// Durable results on their way to the one reader of a session (the pipeline thread). Waiting uses a monitor and not the
/// thread pool, because tests may have blocked every thread of the pool.
/// </summary>
/// <remarks>
/// Bounded by the conductor: it starts no case while too many results wait here, so adding never has to wait and the
/// journal writer is never held up by a slow reader.
/// </remarks>
public sealed class ResultQueue
{
    private readonly Queue<TestResult> _results = new();
    private readonly Action<int> _onTaken;
    private readonly object _lock = new();
    private bool _completed;

    internal ResultQueue(Action<int> onTaken) => _onTaken = onTaken;

    /// <summary>True when the session is closed and every result was taken.</summary>
    public bool IsCompleted
    {
        get
        {
            lock (_lock)
            {
                return _completed && _results.Count == 0;
            }
        }
    }

    /// <summary>Takes the next result, waiting for it at most this long.</summary>
    /// <returns>False when none came in time or none will come; <see cref="IsCompleted"/> tells which.</returns>
    public bool TryTake([NotNullWhen(true)] out TestResult? result, TimeSpan limit)
    {
        lock (_lock)
        {
            if (_results.Count == 0 && !_completed)
            {
                Monitor.Wait(_lock, limit);
            }

            if (!_results.TryDequeue(out result))
            {
                return false;
            }
        }

        _onTaken(1);
        return true;
    }

    internal void Add(TestResult result)
    {
        lock (_lock)
        {
            _results.Enqueue(result);
            Monitor.Pulse(_lock);
        }
    }

    internal void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            Monitor.PulseAll(_lock);
        }
    }
}
