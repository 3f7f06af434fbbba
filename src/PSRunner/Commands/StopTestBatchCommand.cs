using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Ends a batch that runs in this or another process; it can be resumed. A batch that has ended is no error.</summary>
[Cmdlet(VerbsLifecycle.Stop, "TestBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatch))]
public sealed class StopTestBatchCommand : LiveBatchCommand
{
    // Longer than grace and shutdown together: after that somebody must look.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Ends the running attempts at once, without their grace period.</summary>
    [Parameter(HelpMessage = "End running attempts at once, without their grace period.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Asks and returns, without waiting for the end.</summary>
    [Parameter(HelpMessage = "Ask and return, without waiting for the end.")]
    public SwitchParameter NoWait { get; set; }

    private protected override bool Act(TestBatch batch)
    {
        if (!ShouldProcess(batch.Id, "Stop batch"))
        {
            return false;
        }

        if (Batches.Stop(batch.RunFolder, Force, Canceled) && !NoWait && !Batches.WaitForEnd(batch.RunFolder, Patience, Canceled))
        {
            throw Errors.NoAnswer(batch, Patience.TotalSeconds);
        }

        return true;
    }
}
