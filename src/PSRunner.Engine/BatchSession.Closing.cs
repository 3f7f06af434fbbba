using PSRunner.Engine.Execution;

namespace PSRunner.Engine;

/// <summary>How a session ends: what is held is given up, what waits is saved, the folder goes to whoever comes next.</summary>
public sealed partial class BatchSession
{
    // So much of the time to close is for the last status, whatever the disk took of the rest.
    private const double ForStatus = 0.25;

    // Of a batch that has all its results, and time. A disk that stands still for seconds should not leave it half a journal.
    private static readonly TimeSpan ForLastParts = TimeSpan.FromSeconds(30);

    // One that fails must keep neither the others from ending nor the batch from closing.
    private void EndExecutors()
    {
        foreach (var held in _held)
        {
            try
            {
                held.Dispose();
            }
#pragma warning disable CA1031 // Told to the user; the session is over all the same.
            catch (Exception e)
            {
                Note($"What a kind of test held could not be given up: {e.Message}");
            }
#pragma warning restore CA1031
        }
    }

    private BatchEnd Conduct()
    {
        try
        {
            _attendant.Start();
            _conductor.Start();
        }
        catch (OutOfMemoryException)
        {
            return new BatchEnd(BatchStates.Stopped, Conductor.OutOfMemory);
        }

        BatchEnd? end;
        do
        {
            end = _conductor.Join(Patience);
        }
        while (end is null);
        return end;
    }

    // Waits for the conductor and closes, on a thread of its own: the pool may be full of blocked tests.
    private void Run()
    {
        var end = Conduct();
        var limit = _conductor.LeftToClose;
        var until = In(limit);
        var last = GetProgress() with { State = BatchStates.Stopped, Message = end.Message };
        try
        {
            last = Close(end, limit * (1 - ForStatus));
        }
        catch (Exception e)
        {
            // Whatever it is: the journal has what was seen, the next session mends the rest, and the user's shell lives on.
            Note($"Closing the batch failed: {e.Message} Its results are safe; Resume-TestBatch goes on.");
        }
        finally
        {
            _attendant.Close(last, Left(Math.Max(until, In(limit * ForStatus))));

            // The reader first: should the disk hang from here on, he is not held up.
            Volatile.Write(ref _final, last);
            Results.Complete();

            // While the folder is still owned: the next owner must not meet our processes.
            EndExecutors();
            _journal.Dispose();
            _owner.Dispose();
            _plan.Dispose();
            _completion.SetResult(last);
        }
    }

    private long In(TimeSpan time) => _time.GetTimestamp() + (long)(time.TotalSeconds * _time.TimestampFrequency);

    private TimeSpan Left(long until) =>
        _time.GetElapsedTime(_time.GetTimestamp(), until) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    private TestProgress Close(BatchEnd end, TimeSpan limit)
    {
        var unsaved = _journal.Close(limit);
        var progress = GetProgress();
        var isComplete = progress.Done == progress.Planned;
        var more = In(_conductor.LeftToRun < ForLastParts ? _conductor.LeftToRun : ForLastParts);
        if (!_journal.EndSealing(() => isComplete && !_isStopAsked && Left(more) > TimeSpan.Zero))
        {
            Note($"Some results are in the journal only: the disk did not take their Parquet part in time. Get-TestResult reads them; Repair-TestBatch '{_plan.BatchId}' writes the part.");
        }

        return progress with
        {
            // What was saved last decides: a slow disk may still have taken what the conductor no longer waited for.
            State = isComplete ? BatchStates.Completed : end.State == BatchStates.Completed ? BatchStates.Stopped : end.State,
            Message = isComplete ? "" : unsaved == 0 ? end.Message : $"{end.Message} {unsaved} results could not be saved; their cases stay pending.".TrimStart(),
            Running = 0,
            Unsaved = 0,
            Pending = progress.Planned - progress.Done,
            LeftSeconds = double.NaN,
            SlowestRunning = "",
            Gate = "",
        };
    }
}
