using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner;

/// <summary>
/// A batch that runs in the background of this shell and ends with it: what <c>Start-TestBatch -AsJob</c> writes. Results wait
/// in the job until Receive-Job takes them, and lie in the run folder all the same.
/// </summary>
public sealed class TestBatchJob : Job
{
    private readonly UnattendedRun _run;
    private readonly Thread _thread;
    private EndSignals? _signals;
    private bool _isStopped;

    internal TestBatchJob(UnattendedRun run, string command)
        : base(command, run.Progress.Name)
    {
        _run = run;
        PSJobTypeName = nameof(TestBatchJob);
        RunFolder = run.Progress.RunFolder;
        _thread = new Thread(Pump) { IsBackground = true, Name = "PSRunner job" };
    }

    /// <summary>The run folder; by it the job pipes to Get-TestBatch and its kin.</summary>
    public string RunFolder { get; }

    /// <summary>True while results wait here or more may come.</summary>
    public override bool HasMoreData =>
        JobStateInfo.State is JobState.NotStarted or JobState.Running || Output.Count + Error.Count + Warning.Count > 0;

    /// <summary>Where it runs.</summary>
    public override string Location => "localhost";

    /// <summary>How far it is: <c>1,204/5,600, 28 failed</c>.</summary>
    public override string StatusMessage =>
        _run.Progress is var batch ? $"{DisplayText.Done(batch.Done, batch.Planned)}, {DisplayText.Count(batch.Failed)} failed" : "";

    /// <summary>Has the batch end in order; it can be resumed. Returns when it has.</summary>
    public override void StopJob()
    {
        RequestStop("Stopped by Stop-Job");
        _thread.Join();
    }

    internal void Begin()
    {
        SetJobState(JobState.Running);
        AppDomain.CurrentDomain.ProcessExit += EndWithShell;
        _signals = new EndSignals(signal => EndWithShell($"Its shell was ended ({signal})"), processGoesOn: false);
        try
        {
            _thread.Start();
        }
        catch
        {
            AppDomain.CurrentDomain.ProcessExit -= EndWithShell;
            _signals.Dispose();
            _run.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            RequestStop("Its job was removed");
            _thread.Join();
        }

        base.Dispose(disposing);
    }

    private void RequestStop(string reason)
    {
        _isStopped |= _thread.IsAlive;
        _run.RequestStop(reason);
    }

    private void EndWithShell(object? sender, EventArgs e) => EndWithShell("Its shell ended");

    private void EndWithShell(string reason)
    {
        _isStopped |= _thread.IsAlive;
        _run.EndWithProcess(reason);
    }

    // The last state closes the streams, so everything is written before it.
    private void Pump()
    {
        _run.Pump(result => Output.Add(PSObject.AsPSObject(result)), note => Warning.Add(new WarningRecord(note)));
        AppDomain.CurrentDomain.ProcessExit -= EndWithShell;
        _signals?.Dispose();
        var batch = _run.Progress;
        if (batch.State != BatchStates.Completed && !_isStopped)
        {
            var why = batch.Message.Length == 0 ? batch.State : batch.Message.TrimEnd('.');
            Error.Add(new ErrorRecord(
                new InvalidOperationException($"{why}; {DisplayText.Count(batch.Planned - batch.Done)} pending. Go on: Resume-TestBatch {batch.Id}"),
                "BatchEndedEarly", ErrorCategory.OperationStopped, batch.Id));
        }

        SetJobState(batch.State == BatchStates.Completed ? JobState.Completed : _isStopped ? JobState.Stopped : JobState.Failed);
    }
}
