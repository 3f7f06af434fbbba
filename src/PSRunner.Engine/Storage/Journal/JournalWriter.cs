using System.Diagnostics;

namespace PSRunner.Engine.Storage;

/// <summary>
/// The thread that owns the disk. Takes all records that wait, makes them durable as one group, says so, takes the next;
/// it never waits for more to come. Results with files come by way of <see cref="ArtifactWriter"/>, which saves these first.
/// While the disk refuses, what waits stays in memory and is tried again.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    /// <summary>Characters of text in a group, about its bytes.</summary>
    private const int GroupSize = 4 << 20;

    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Queue<JournalRecord> _waiting = new();
    private readonly JournalLog _log;
    private readonly ArtifactStore _store;
    private readonly ArtifactWriter _artifacts;
    private readonly DiskTries _tries;
    private readonly IJournalListener _listener;
    private readonly int _bound;
    private readonly Thread _thread;
    private List<JournalRecord> _group = [];
    private bool _closing;
    private volatile bool _abandoned;
    private volatile bool _closed;
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
        _listener = listener;
        _bound = bound;
        _store = new ArtifactStore(folder, files, options.Durability) { VerifyOwner = options.VerifyOwner };
        _tries = new DiskTries(refusal => listener.OnTrouble(refusal.Message, refusal), listener.OnRecovered, time);
        _artifacts = new ArtifactWriter(_store, _tries, Enqueue, Broke);
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
                return _waiting.Count + _artifacts.Waiting;
            }
        }
    }

    /// <summary>Bytes of files that wait to be written.</summary>
    public long WaitingFileBytes => _artifacts.WaitingBytes;

    /// <summary>True after the end when all files were let go, so that they can be sealed.</summary>
    public bool IsClosed => _closed;

    /// <summary>Hands a record over; returns at once.</summary>
    /// <returns>How many wait now.</returns>
    /// <exception cref="InvalidOperationException">More wait than was agreed, or the journal is closed: a fault of the caller.</exception>
    public int Append(JournalRecord record)
    {
        var withFiles = record is ResultRecord result && ResultFit.NeedsFiles(result);
        int waiting;
        lock (_gate)
        {
            waiting = _waiting.Count + _artifacts.Waiting + 1;
            if (_closing || waiting > _bound)
            {
                throw new InvalidOperationException(_closing ? "The journal is closed." : $"More than {_bound} records wait for the journal.");
            }

            if (!withFiles)
            {
                Enqueue(record);
            }
        }

        if (withFiles)
        {
            _artifacts.Save((ResultRecord)record);
        }

        return waiting;
    }

    /// <summary>Ends the tries while the disk refuses: records that wait are not saved and <see cref="Close"/> returns them.</summary>
    public void GiveUp() => _tries.GiveUp();

    /// <summary>Saves what waits and ends the threads.</summary>
    /// <param name="limit">How long that may take.</param>
    /// <returns>The records that could not be saved in that time; none when all is well.</returns>
    public IReadOnlyList<JournalRecord> Close(TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        var unsaved = _artifacts.Close(limit);
        if (unsaved.Count > 0)
        {
            GiveUp();
        }

        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        var left = limit - Stopwatch.GetElapsedTime(since);
        if (!_thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero))
        {
            GiveUp();
            _thread.Join(LastWait); // A call into the disk that never returns keeps its thread; the process may end all the same.
        }

        lock (_gate)
        {
            // The folder may be another's from here on.
            _abandoned = true;
            return [.. unsaved, .. _group, .. _waiting];
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

            if (!_abandoned)
            {
                TellClosed();
            }
        }
        catch (Exception e)
        {
            // A fault of ours must not take the user's shell down; what waits is not saved, and Close says so.
            Broke(e);
        }
    }

    private void Broke(Exception e) => _listener.OnTrouble(e is RunFolderLostException ? e.Message : $"The journal stopped: {e.Message}", e);

    private void TellClosed()
    {
        try
        {
            Tell(_log.Close());
            _closed = true;
        }
        catch (IOException)
        {
            // Recovery does it at the next start.
        }
    }

    private void Enqueue(JournalRecord record)
    {
        lock (_gate)
        {
            _waiting.Enqueue(record);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for records; false when there are none and none will come.</summary>
    private bool TakeGroup()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_abandoned)
            {
                if (_closing)
                {
                    return false;
                }

                Monitor.Wait(_gate, DiskTries.LongestDelay);
            }

            if (_abandoned)
            {
                return false;
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
        IReadOnlyList<ClosedFile> closed = [];
        var done = _tries.Until(() =>
        {
            Fit(group);
            _log.Write(group);
            if (!announced)
            {
                _listener.OnWritten(group);
                announced = true;
            }

            closed = _log.Flush(group);
        });
        if (!done)
        {
            return false;
        }

        lock (_gate)
        {
            if (_abandoned)
            {
                return false; // It was given back as not saved.
            }

            _group = [];
            _durable = new Checkpoint(_log.Number, _log.DurableLength);
        }

        _listener.OnDurable(group);
        Tell(closed);
        return true;
    }

    private void Fit(List<JournalRecord> group)
    {
        for (var i = 0; i < group.Count; i++)
        {
            group[i] = group[i] switch
            {
                ResultRecord result => ResultFit.Apply(result, _store),
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

    private static int SizeOf(JournalRecord record) => record is ResultRecord result ? result.ApproximateBytes : 128;
}

/// <summary>How far a journal file is durable.</summary>
/// <param name="File">Its number; 0: none.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct Checkpoint(int File, long Length);
