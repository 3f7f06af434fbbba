using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Batches that the command does not wait for.</summary>
public sealed partial class StartTestBatchCommand
{
    /// <summary>Runs it in the background of this shell.</summary>
    [Parameter(HelpMessage = "Run in the background and write a job for Get-, Wait-, Receive-, Stop- and Remove-Job. It ends with this shell.")]
    public SwitchParameter AsJob { get; set; }

    /// <summary>Runs it in a process of its own.</summary>
    [Parameter(HelpMessage = "Run in a process of its own, which outlives this shell and is started again when it dies; write the batch.")]
    public SwitchParameter Detached { get; set; }

    private void StartInBackground()
    {
        if (AsJob)
        {
            WriteObject(BackgroundRun.AsJob(this, _batch!.StartUnattended()));
        }
        else
        {
            _batch!.Prepare();
            WriteObject(BackgroundRun.Detached(_batch.RunFolder, new ResumeOptions(), _slot.Stopped.WaitHandle));
        }

        if (BatchVariable is not null)
        {
            SessionState.PSVariable.Set(BatchVariable, Batches.Read(_batch.RunFolder));
        }
    }
}
