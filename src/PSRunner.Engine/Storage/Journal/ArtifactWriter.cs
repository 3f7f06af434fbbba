using System.Diagnostics;

namespace PSRunner.Engine.Storage;

/// <summary>
/// The threads that save the files of results before their records go to the journal. One file needs as many flushes as a
/// whole group of records, so several wait for the device at once, and the journal waits for none of them.
/// </summary>
/// <remarks>What a disk refuses is tried again until it is saved or given up: no record names a file that is not there.</remarks>
internal sealed class ArtifactWriter
{
    // Enough that the file system makes the flushes of many of them one; begun as they are needed.
    private const int MostThreads = 8;

    private readonly object _gate = new();
    private readonly Queue<ResultRecord> _waiting = new();
    private readonly HashSet<ResultRecord> _inWork = new(ReferenceEqualityComparer.Instance);
    private readonly List<Thread> _threads = [];
    private readonly ArtifactStore _store;
    private readonly DiskTries _tries;
    private readonly Action<ResultRecord> _saved;
    private readonly Action<Exception> _broke;
    private int _idle;
    private int _records;
    private long _bytes;
    private bool _closing;
    private bool _abandoned;

    /// <param name="store">Writes the files.</param>
    /// <param name="tries">Says when to try again, and that it is in trouble.</param>
    /// <param name="saved">Takes a record whose files are on the device; must be quick.</param>
    /// <param name="broke">Hears of a fault of ours, after which a thread is gone.</param>
    public ArtifactWriter(ArtifactStore store, DiskTries tries, Action<ResultRecord> saved, Action<Exception> broke)
    {
        _store = store;
        _tries = tries;
        _saved = saved;
        _broke = broke;
    }

    /// <summary>Records whose files are not saved yet.</summary>
    public int Waiting => Volatile.Read(ref _records);

    /// <summary>The bytes of these files.</summary>
    public long WaitingBytes => Volatile.Read(ref _bytes);

    /// <summary>Hands a record over; returns at once.</summary>
    /// <exception cref="InvalidOperationException">It is closed: a fault of the caller.</exception>
    /// <exception cref="OutOfMemoryException">The system gives it no thread; the record was not taken.</exception>
    public void Save(ResultRecord record)
    {
        lock (_gate)
        {
            if (_closing)
            {
                throw new InvalidOperationException("The journal is closed.");
            }

            if (_idle <= _waiting.Count && _threads.Count < MostThreads)
            {
                Begin();
            }

            _waiting.Enqueue(record);
            Count(+1, record);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Saves what waits and ends the threads.</summary>
    /// <param name="limit">How long that may take.</param>
    /// <returns>The records whose files could not be saved in that time; they go to nobody any more.</returns>
    public IReadOnlyList<ResultRecord> Close(TimeSpan limit)
    {
        Thread[] threads;
        lock (_gate)
        {
            _closing = true;
            Monitor.PulseAll(_gate);
            threads = [.. _threads];
        }

        var since = Stopwatch.GetTimestamp();
        foreach (var thread in threads)
        {
            var left = limit - Stopwatch.GetElapsedTime(since);
            thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        lock (_gate)
        {
            _abandoned = true;
            Monitor.PulseAll(_gate);
            return [.. _inWork, .. _waiting];
        }
    }

    // A machine that has no more threads is refused with the record, unless there are some already: they take longer, that is all.
    private void Begin()
    {
        var thread = new Thread(Run) { Name = "PSRunner artifacts", IsBackground = true };
        try
        {
            thread.Start();
            _threads.Add(thread);
        }
        catch (OutOfMemoryException) when (_threads.Count > 0)
        {
        }
    }

    private void Run()
    {
        try
        {
            while (Take() is { } record)
            {
                var kept = record;
                if (!_tries.Until(() => kept = ResultFit.Apply(record, _store)))
                {
                    return;
                }

                lock (_gate)
                {
                    if (_abandoned)
                    {
                        return; // It was given back as not saved.
                    }

                    _inWork.Remove(record);
                    Count(-1, record);
                    _saved(kept);
                }
            }
        }
        catch (Exception e)
        {
            // As on the journal's thread: the user's shell lives on, and Close says what is not saved.
            _broke(e);
        }
    }

    private void Count(int change, ResultRecord record)
    {
        Volatile.Write(ref _records, _records + change);
        Volatile.Write(ref _bytes, _bytes + (change * ResultFit.BytesOfFiles(record)));
    }

    /// <summary>Waits for a record; null when there is none and none will come.</summary>
    private ResultRecord? Take()
    {
        lock (_gate)
        {
            _idle++;
            while (_waiting.Count == 0 && !_closing)
            {
                Monitor.Wait(_gate, DiskTries.LongestDelay);
            }

            _idle--;
            if (_abandoned || !_waiting.TryDequeue(out var record))
            {
                return null;
            }

            _inWork.Add(record);
            return record;
        }
    }
}
