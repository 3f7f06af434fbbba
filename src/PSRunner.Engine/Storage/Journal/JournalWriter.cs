namespace PSRunner.Engine.Storage;

/// <summary>
/// The thread that owns the disk. Takes all records that wait, makes them durable as one group, says so, takes the next;
/// it never waits for more to come. While the disk refuses, what waits stays in memory and is tried again.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    /// <summary>Characters of text in a group, about its bytes.</summary>
    private const int GroupSize = 4 << 20;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly object _gate = new();
    private readonly Queue<JournalRecord> _waiting = new();
    private readonly JournalLog _log;
    private readonly ArtifactStore _artifacts;
    private readonly IJournalListener _listener;
    private readonly TimeProvider _time;
    private readonly int _bound;
    private readonly Thread _thread;
    private List<JournalRecord> _group = [];
    private bool _closing;
    private bool _givenUp;
    private Checkpoint _durable;

    /// <param name="folder">The run folder.</param>
    /// <param name="files">The disk.</param>
    /// <param name="options">What the journal is opened with.</param>
    /// <param name="listener">Who hears.</param>
    /// <param name="bound">Records that may wait; the conductor's credits and gates keep below it.</param>
    /// <param name="time">The clock of the waits between tries.</param>
    public JournalWriter(
        RunFolder folder, IStoreFiles files, JournalOptions options, IJournalListener listener, int bound, TimeProvider time)
    {
        _log = new JournalLog(folder, files, options);
        _artifacts = new ArtifactStore(folder, files, options.Durability);
        _listener = listener;
        _bound = bound;
        _time = time;
        _thread = new Thread(Run) { Name = "PSRunner journal", IsBackground = true };
        _thread.Start();
    }

    /// <summary>The file being written and how much of it is durable: what a checkpoint may show.</summary>
    public Checkpoint Durable
    {
        get
        {
            lock (_gate)
            {
                return _durable;
            }
        }
    }

    /// <summary>Records that wait to be written.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Hands a record over; returns at once.</summary>
    /// <returns>How many wait now.</returns>
    /// <exception cref="InvalidOperationException">More wait than was agreed, or the journal is closed: a fault of the caller.</exception>
    public int Append(JournalRecord record)
    {
        lock (_gate)
        {
            if (_closing || _waiting.Count >= _bound)
            {
                throw new InvalidOperationException(_closing ? "The journal is closed." : $"More than {_bound} records wait for the journal.");
            }

            _waiting.Enqueue(record);
            Monitor.Pulse(_gate);
            return _waiting.Count;
        }
    }

    /// <summary>Ends the tries while the disk refuses: records that wait are not saved and <see cref="Close"/> returns them.</summary>
    public void GiveUp()
    {
        lock (_gate)
        {
            _givenUp = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Saves what waits and ends the thread.</summary>
    /// <param name="limit">How long that may take.</param>
    /// <returns>The records that could not be saved in that time; none when all is well.</returns>
    public IReadOnlyList<JournalRecord> Close(TimeSpan limit)
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        if (!_thread.Join(limit))
        {
            GiveUp();
            _thread.Join(FirstDelay); // A call into the disk that never returns keeps its thread; the process may end all the same.
        }

        lock (_gate)
        {
            return [.. _group, .. _waiting];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close(TimeSpan.Zero);
        if (!_thread.IsAlive)
        {
            _log.Dispose();
        }
    }

    private void Run()
    {
        try
        {
            while (TakeGroup())
            {
                if (!MakeDurable())
                {
                    return;
                }
            }

            Try(() => Tell(_log.Close()), out _); // What fails here, recovery does at the next start.
        }
        catch (Exception e)
        {
            // A fault of ours must not take the user's shell down; what waits is not saved, and Close says so.
            _listener.OnTrouble($"The journal stopped: {e.Message}", e);
        }
    }

    /// <summary>Waits for records; false when there are none and none will come.</summary>
    private bool TakeGroup()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_closing)
                {
                    return false;
                }

                Monitor.Wait(_gate, LongestDelay);
            }

            // Another list each time: the listener may keep the last one.
            _group = new List<JournalRecord>(_waiting.Count);
            for (var size = 0; size < GroupSize && _waiting.TryDequeue(out var record); size += SizeOf(record))
            {
                _group.Add(record);
            }

            return true;
        }
    }

    private bool MakeDurable()
    {
        var group = _group;
        var announced = false;
        var delay = FirstDelay;
        for (var troubled = false; ; troubled = true)
        {
            IReadOnlyList<ClosedFile> closed = [];
            var done = Try(
                () =>
                {
                    Fit(group);
                    _log.Write(group);
                    if (!announced)
                    {
                        _listener.OnWritten(group);
                        announced = true;
                    }

                    closed = _log.Flush(group);
                },
                out var trouble);
            if (done)
            {
                lock (_gate)
                {
                    _group = [];
                    _durable = new Checkpoint(_log.Number, _log.DurableLength);
                }

                if (troubled)
                {
                    _listener.OnRecovered();
                }

                _listener.OnDurable(group);
                Tell(closed);
                return true;
            }

            if (!troubled)
            {
                _listener.OnTrouble(trouble!.Message, trouble);
            }

            if (!WaitToTryAgain(delay))
            {
                return false;
            }

            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private void Fit(List<JournalRecord> group)
    {
        for (var i = 0; i < group.Count; i++)
        {
            group[i] = group[i] switch
            {
                ResultRecord result => ResultFit.Apply(result, _artifacts),
                AttemptEndedRecord ended => ResultFit.Apply(ended),
                var other => other,
            };
        }
    }

    private void Tell(IReadOnlyList<ClosedFile> closed)
    {
        foreach (var file in closed)
        {
            _listener.OnClosed(file);
        }
    }

    /// <summary>Waits without a timer, which needs a thread of the pool; false when the tries are to end.</summary>
    private bool WaitToTryAgain(TimeSpan delay)
    {
        var since = _time.GetTimestamp();
        lock (_gate)
        {
            while (!_givenUp && _time.GetElapsedTime(since) < delay)
            {
                Monitor.Wait(_gate, LookEvery);
            }

            return !_givenUp;
        }
    }

    private static bool Try(Action action, out IOException? trouble)
    {
        try
        {
            action();
            trouble = null;
            return true;
        }
        catch (IOException e)
        {
            trouble = e;
            return false;
        }
    }

    private static int SizeOf(JournalRecord record) => record is ResultRecord result ? result.ApproximateBytes : 128;
}

/// <summary>How far a journal file is durable.</summary>
/// <param name="File">Its number; 0: none.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct Checkpoint(int File, long Length);
