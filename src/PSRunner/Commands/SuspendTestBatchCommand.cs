using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Has a batch start no more cases until it is resumed; those that run go on to their end.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "TestBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatch))]
public sealed class SuspendTestBatchCommand : LiveBatchCommand
{
    private protected override bool Act(TestBatch batch) =>
        !Batches.IsAlive(batch) ? Ended(batch, "suspended")
        : ShouldProcess(batch.Id, "Suspend batch") && Batches.Suspend(batch.RunFolder, Canceled);
}
