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
    // The conductor is told of results taken by the dozen: one by one would cost it more than the cases do.
    private const int ToldTogether = 64;

    private readonly Queue<TestResult> _results = new();
    private readonly Action<int> _onTaken;
    private readonly object _lock = new();
    private bool _completed;
    private int _taken;

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
        int told;
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

            told = ++_taken == ToldTogether || _results.Count == 0 ? _taken : 0;
            _taken -= told;
        }

        if (told > 0)
        {
            _onTaken(told);
        }

        return true;
    }

    internal void Add(IEnumerable<TestResult> results)
    {
        lock (_lock)
        {
            foreach (var result in results)
            {
                _results.Enqueue(result);
            }

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
