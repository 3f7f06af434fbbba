using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Changes how a batch runs while it runs.</summary>
[Cmdlet(VerbsCommon.Set, "TestBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatch))]
public sealed class SetTestBatchCommand : LiveBatchCommand
{
    /// <summary>Cases running at once. Fewer than run now: nothing is ended, nothing new starts until it is kept.</summary>
    [Parameter(HelpMessage = "Cases running at once, from now on.")]
    [Alias("MaxWorkers")]
    [ValidateRange(1, 10_000)]
    public int ThrottleLimit { get; set; }

    private protected override void Begin()
    {
        if (Given(nameof(ThrottleLimit), ThrottleLimit) is null)
        {
            throw Errors.NothingToSet();
        }
    }

    private protected override bool Act(TestBatch batch) =>
        !Batches.IsAlive(batch) ? Ended(batch, "changed")
        : ShouldProcess(batch.Id, $"Set throttle limit to {ThrottleLimit}") && Batches.SetThrottle(batch.RunFolder, ThrottleLimit, Canceled);
}
