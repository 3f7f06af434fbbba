using System.Management.Automation;
using PSRunner.Engine;

namespace PSRunner.Hosting;

/// <summary>
/// Runs one session of a batch under a command: results go from the engine to the pipeline on the pipeline's own thread,
/// which alone may write. However the pipeline ends, the session is asked to stop, drained and closed within its limits.
/// </summary>
internal sealed class BatchRun : IDisposable
{
    private const int MostTold = 100;

    // Four times a second is what a progress display can use.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private static int s_lastActivityId = 0x5053_0000;

    private readonly ICommandRuntime _output;
    private readonly BatchSession _session;
    private readonly ProgressRecord _progress;
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private long _lastProgress;
    private readonly Queue<string> _told = [];
    private TestBatch? _end;

    /// <param name="output">Where the command writes.</param>
    /// <param name="session">The session; this run owns it.</param>
    public BatchRun(ICommandRuntime output, BatchSession session)
    {
        _output = output;
        _session = session;
        _progress = new ProgressRecord(Interlocked.Increment(ref s_lastActivityId), session.Batch.Name, "0");
    }

    /// <summary>Goes on with a batch.</summary>
    /// <param name="output">Where the command writes.</param>
    /// <param name="runFolder">The batch.</param>
    /// <param name="changes">What is different this time.</param>
    /// <param name="canceled">Signaled when nobody waits any more for it to begin.</param>
    /// <param name="toRun">Cases that are pending.</param>
    public static BatchRun Resume(ICommandRuntime output, string runFolder, ResumeOptions changes, CancellationToken canceled, out int toRun)
    {
        var session = BatchSession.Resume(runFolder, changes, Executors.For(StoredBatch.OptionsOf(runFolder), canceled: canceled));
        toRun = session.ToRun;
        return new BatchRun(output, session);
    }

    /// <summary>Asks the session to end; from any thread, never blocking.</summary>
    public void RequestStop(string reason) => _session.Stop(reason);

    /// <summary>Ends the session, by force if need be, because the process ends.</summary>
    public void EndWithProcess(string reason) => _session.EndWithProcess(reason);

    /// <summary>Writes results as they become durable until the session has ended, and closes it.</summary>
    /// <param name="stopped">Signaled by Ctrl+C, which also asks the session to end.</param>
    /// <exception cref="PipelineStoppedException">The pipeline took no more; the session was stopped and closed first.</exception>
    public void Pump(WaitHandle stopped)
    {
        try
        {
            while (!_session.Results.IsCompleted)
            {
                if (_session.Results.TryTake(out var result, LookEvery))
                {
                    _output.WriteObject(result);
                }

                ShowProgress();
            }

            ShowNotes();
        }
        catch
        {
            // Select-Object -First, a failing command downstream or Ctrl+C: whatever threw, the batch must end in order. Ctrl+C
            // stops the pipeline a moment before it says so, and should be called by its name.
            stopped.WaitOne(Moment);
            RequestStop("Stopped by the pipeline");
            throw;
        }
        finally
        {
            Close();
            TakeProgressAway();
        }
    }

    /// <summary>The batch as it is now; after the end, as it ended.</summary>
    public TestBatch Batch => _end ?? _session.Batch;

    /// <summary>The latest warnings that were shown.</summary>
    public IReadOnlyCollection<string> Told => _told;

    /// <summary>Seconds since the run began.</summary>
    public double ElapsedSeconds => TimeProvider.System.GetElapsedTime(_began).TotalSeconds;

    /// <summary>Ends the session if it still runs.</summary>
    public void Dispose()
    {
        if (_end is null)
        {
            RequestStop("Stopped because the command ended");
            Close();
        }
    }

    // Bounded by the session's own limits: grace, kill, shutdown.
    private void Close()
    {
        _session.Dispose();
        var end = Batches.AtRest(_session.Batch);
        _end = _session.WaitForEnd(TimeSpan.Zero)
            ? end
            : end with { Message = "The session did not close in time; what it had not saved runs again" };
    }

    private void ShowNotes()
    {
        foreach (var note in _session.TakeNotes())
        {
            ConsoleText.Try(() => _output.WriteWarning(note));
            _told.Enqueue(note);
            if (_told.Count > MostTold)
            {
                _told.Dequeue();
            }
        }
    }

    // Also after Select-Object -First: a line that is left over hides what a script writes next.
    private void TakeProgressAway()
    {
        _progress.RecordType = ProgressRecordType.Completed;
        try
        {
            ConsoleText.Try(() => _output.WriteProgress(_progress));
        }
        catch (PipelineStoppedException)
        {
            // After Ctrl+C nothing can be written, and the host takes the line away by itself.
        }
    }

    private void ShowProgress()
    {
        if (_lastProgress != 0 && TimeProvider.System.GetElapsedTime(_lastProgress) < LookEvery)
        {
            return;
        }

        _lastProgress = TimeProvider.System.GetTimestamp();
        ShowNotes();
        var progress = _session.GetProgress();
        _progress.StatusDescription = DisplayText.Status(progress);
        _progress.PercentComplete = progress.Planned == 0 ? -1 : (int)(100L * progress.Done / progress.Planned);
        ConsoleText.Try(() => _output.WriteProgress(_progress));
    }
}
