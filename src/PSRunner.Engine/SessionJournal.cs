using System.Collections.Concurrent;
using System.Diagnostics;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Scheduling;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine;

/// <summary>
/// The way between the conductor and the disk: records go down, and what became of them comes back as events. Here, and
/// only here, a result becomes visible: when its group is durable.
/// </summary>
internal sealed class SessionJournal : IJournal, IJournalListener, IDisposable
{
    // Credits bound the results on their way, but every retry makes two records and no result: so records have a gate too.
    private const int GateAt = 16 * 4096;

    // Beyond the gate come only what ends of what runs, and what the conductor decided before it heard: less than this.
    private const int MostWaiting = GateAt + (16 * 4096);

    // Credits bound how many results wait with their files, not how long these are.
    private const long GateAtFileBytes = 128 << 20;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<(int Index, int Attempt), AttemptToken> _awaited = new();
    private readonly Meter _meter;
    private readonly ResultQueue _results;
    private readonly Action<string> _note;
    private readonly int _checkpointInterval;
    private readonly Sealer _sealer;
    private readonly JournalWriter _writer;
    private Action<SchedulerEvent> _post = static _ => { };
    private int _sinceCheckpoint;
    private readonly Lock _gates = new();
    private Gate _closedGates;

    public SessionJournal(
        RunFolder folder, IStoreFiles files, JournalOptions options, PartSealer parts, int checkpointInterval,
        Meter meter, ResultQueue results, Action<string> note, TimeProvider time)
    {
        _meter = meter;
        _results = results;
        _note = note;
        _checkpointInterval = checkpointInterval;
        _sealer = new Sealer(parts, OnSealTrouble, () => Move(Gate.Seal), time);
        try
        {
            _writer = new JournalWriter(folder, files, options, this, MostWaiting, time);
        }
        catch
        {
            _sealer.Dispose();
            throw;
        }
    }

    /// <summary>Connects the conductor; before it starts.</summary>
    public void Connect(Action<SchedulerEvent> post) => _post = post;

    /// <inheritdoc/>
    public void Started(AttemptToken token, int index, int attempt, bool tellWhenWritten)
    {
        if (tellWhenWritten)
        {
            _awaited[(index, attempt)] = token;
        }

        Append(new StartedRecord(index, attempt));
    }

    /// <inheritdoc/>
    public void AttemptEnded(int index, int attempt, string cause, string message, double seconds) =>
        Append(new AttemptEndedRecord(index, attempt, cause, message, seconds, CountsAsTry: true));

    /// <inheritdoc/>
    public void Canceled(int index, int attempt) => Append(new CanceledRecord(index, attempt));

    /// <inheritdoc/>
    public void Ended(TestResult result, IReadOnlyList<Artifact> artifacts) =>
        Append(new ResultRecord(result) { Unsaved = artifacts });

    /// <summary>Asks for the part of the open file, so that what is durable can be queried.</summary>
    public void Checkpoint() => _sealer.RequestCheckpoint(_writer.Durable);

    /// <summary>Saves what is left, and seals it as far as the time allows.</summary>
    /// <param name="limit">How long both may take.</param>
    /// <returns>How many results could not be saved; their cases stay pending.</returns>
    public int Close(TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        var unsaved = _writer.Close(limit / 2).Count(r => r is ResultRecord);
        var left = limit - Stopwatch.GetElapsedTime(since);
        _sealer.Close(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        return unsaved;
    }

    /// <summary>After <see cref="Close"/>: waits on for a disk that is slow to take the last parts.</summary>
    /// <param name="mayGoOn">Asked a few times a second.</param>
    /// <returns>True when all that was saved is in parts; else its journal files stay, readable and sealed when the batch is next opened.</returns>
    public bool EndSealing(Func<bool> mayGoOn)
    {
        while (!_sealer.Close(TimeSpan.Zero) && mayGoOn())
        {
            _sealer.Close(LookEvery);
        }

        return _writer.IsClosed && _sealer.Backlog == 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _sealer.Dispose();
    }

    /// <inheritdoc/>
    public void OnWritten(IReadOnlyList<JournalRecord> records)
    {
        if (_awaited.IsEmpty)
        {
            return;
        }

        foreach (var record in records)
        {
            if (record is StartedRecord started && _awaited.TryRemove((started.Index, started.Attempt), out var token))
            {
                _post(new SchedulerEvent.StartWritten(token));
            }
        }
    }

    /// <inheritdoc/>
    public void OnDurable(IReadOnlyList<JournalRecord> records)
    {
        Move(Gate.Journal);
        var results = new List<TestResult>(records.Count);
        foreach (var record in records)
        {
            if (record is ResultRecord { Result: var result })
            {
                results.Add(result);
            }
        }

        if (results.Count == 0)
        {
            return;
        }

        _meter.Count(results);
        _results.Add(results);
        _post(new SchedulerEvent.ResultsDurable(results.Count));
        _sinceCheckpoint += results.Count;
        if (_checkpointInterval > 0 && _sinceCheckpoint >= _checkpointInterval)
        {
            _sinceCheckpoint = 0;
            Checkpoint();
        }
    }

    /// <inheritdoc/>
    public void OnClosed(ClosedFile file)
    {
        _sealer.Seal(file);
        Move(Gate.Seal);
    }

    /// <inheritdoc/>
    public void OnTrouble(string what, Exception e)
    {
        if (e is RunFolderLostException)
        {
            _post(new SchedulerEvent.EndRequested(BatchStates.Stopped, $"{what} What was saved is where the folder is now; nothing more is written."));
        }
        else if (e is IOException)
        {
            _post(new SchedulerEvent.GateMoved(Gate.Disk, Closed: true));
            _note($"Results cannot be saved: {what.TrimEnd('.')}. Nothing new starts until they can; what has ended is kept in memory.");
        }
        else
        {
            // No disk refused and no try will help: the journal's thread is gone.
            _post(new SchedulerEvent.EndRequested(BatchStates.Stopped, $"PSRunner itself failed: {what.TrimEnd('.')}. What is not saved stays pending; resume the batch."));
        }
    }

    /// <inheritdoc/>
    public void OnRecovered()
    {
        _post(new SchedulerEvent.GateMoved(Gate.Disk, Closed: false));
        _note("Results are saved again.");
    }

    private void OnSealTrouble(Exception? trouble)
    {
        if (trouble is not null)
        {
            _note($"A part could not be written: {trouble.Message} The results are safe in the journal; it is tried again.");
        }
    }

    private void Append(JournalRecord record)
    {
        if (_writer.Append(record) >= GateAt || _writer.WaitingFileBytes >= GateAtFileBytes)
        {
            Move(Gate.Journal);
        }
    }

    private bool IsFull => _writer.Waiting >= GateAt || _writer.WaitingFileBytes >= GateAtFileBytes;

    // A gate closes on the thread that fills what is behind it and opens on the one that empties it: one at a time, and
    // each looks again.
    private void Move(Gate gate)
    {
        lock (_gates)
        {
            var closed = gate == Gate.Seal ? _sealer.Backlog >= Sealer.BacklogLimit : IsFull;
            if (closed != _closedGates.HasFlag(gate))
            {
                _closedGates ^= gate;
                _post(new SchedulerEvent.GateMoved(gate, closed));
            }
        }
    }
}
