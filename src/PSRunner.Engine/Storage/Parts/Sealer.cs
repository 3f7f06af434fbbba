namespace PSRunner.Engine.Storage;

/// <summary>
/// The thread that turns closed journal files into parts, one after the other in their order, and keeps the part of the open
/// file fresh where that was asked. A file that cannot be sealed now is tried again; it is safe where it is.
/// </summary>
internal sealed class Sealer : IDisposable
{
    /// <summary>So many closed files may wait before new starts should.</summary>
    public const int BacklogLimit = 4;

    private const int TriesAtTheEnd = 3;

    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Queue<ClosedFile> _closed = new();
    private readonly PartSealer _parts;
    private readonly Action<Exception?> _onTrouble;
    private readonly Action _onSealed;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private Checkpoint? _checkpoint;
    private long _lastCheckpoint;
    private bool _troubled;
    private int _refusals;
    private bool _closing;
    private bool _abandoned;

    /// <param name="parts">Does the work.</param>
    /// <param name="onTrouble">Told of a failure, and with null that it is over; on the sealer's thread, must be quick.</param>
    /// <param name="onSealed">Told that the backlog became shorter; likewise.</param>
    /// <param name="time">The clock between checkpoints.</param>
    public Sealer(PartSealer parts, Action<Exception?> onTrouble, Action onSealed, TimeProvider time)
    {
        _parts = parts;
        _onTrouble = onTrouble;
        _onSealed = onSealed;
        _time = time;
        _lastCheckpoint = time.GetTimestamp() - time.TimestampFrequency;
        _thread = new Thread(Run) { Name = "PSRunner sealer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Closed files that wait, the one being sealed included. From <see cref="BacklogLimit"/> on nothing new should start.</summary>
    public int Backlog
    {
        get
        {
            lock (_gate)
            {
                return _closed.Count;
            }
        }
    }

    /// <summary>Hands over a closed file; returns at once. Admission bounds the queue by <see cref="Backlog"/>.</summary>
    public void Seal(ClosedFile file)
    {
        lock (_gate)
        {
            _closed.Enqueue(file);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Asks for the part of the open file; of many requests the last counts, and one a second is carried out.</summary>
    public void RequestCheckpoint(Checkpoint at)
    {
        lock (_gate)
        {
            _checkpoint = at;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Lets the thread seal what waits, then end. It ends with something left when the disk refuses a few times more.</summary>
    /// <param name="limit">How long to wait for that; who has more time may wait again.</param>
    /// <returns>True when the thread has ended. What <see cref="Backlog"/> says then is readable as it is.</returns>
    public bool Close(TimeSpan limit)
    {
        lock (_gate)
        {
            if (!_closing)
            {
                _closing = true;
                _refusals = 0;
                Monitor.Pulse(_gate);
            }
        }

        return _thread.Join(limit);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _closing = _abandoned = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (Next(out var file, out var checkpoint))
        {
            try
            {
                if (file is { } closed)
                {
                    _parts.Seal(closed);
                    lock (_gate)
                    {
                        _closed.Dequeue();
                    }

                    _onSealed();
                }
                else if (checkpoint is { } at)
                {
                    _parts.WriteOpenPart(at);
                }

                Tell(null);
            }
            catch (Exception e)
            {
                // Whatever it is: the journal holds these results, and a thread that dies would stop the batch unheard.
                Tell(e);
                WaitBeforeNextTry();
            }
        }
    }

    /// <summary>Waits for work, closed files first; false at the end.</summary>
    private bool Next(out ClosedFile? file, out Checkpoint? checkpoint)
    {
        lock (_gate)
        {
            while (true)
            {
                file = _closed.TryPeek(out var closed) ? closed : null;
                checkpoint = null;
                if (_abandoned || (_closing && (file is null || _refusals >= TriesAtTheEnd)))
                {
                    return false;
                }

                if (file is not null)
                {
                    return true;
                }

                if (_checkpoint is not null && _time.GetElapsedTime(_lastCheckpoint) >= Delay)
                {
                    (checkpoint, _checkpoint, _lastCheckpoint) = (_checkpoint, null, _time.GetTimestamp());
                    return true;
                }

                Monitor.Wait(_gate, Delay / 4);
            }
        }
    }

    private void Tell(Exception? trouble)
    {
        if (trouble is not null != _troubled)
        {
            _troubled = trouble is not null;
            _onTrouble(trouble);
        }
    }

    private void WaitBeforeNextTry()
    {
        var since = _time.GetTimestamp();
        lock (_gate)
        {
            _refusals++;
            if (_closing)
            {
                Monitor.Wait(_gate, Delay / 4);
            }

            while (!_closing && _time.GetElapsedTime(since) < Delay)
            {
                Monitor.Wait(_gate, Delay / 4);
            }
        }
    }
}
