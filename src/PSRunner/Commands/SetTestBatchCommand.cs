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

    /// <summary>Requests to models per second.</summary>
    [Parameter(HelpMessage = "Requests to models per second, from now on.")]
    [Alias("Qps")]
    [ValidateRange(0.001, 100_000)]
    public double RequestsPerSecond { get; set; }

    private protected override void Begin()
    {
        if (Given(nameof(ThrottleLimit), ThrottleLimit) is null && Given(nameof(RequestsPerSecond), RequestsPerSecond) is null)
        {
            throw Errors.NothingToSet();
        }
    }

    private protected override bool Act(TestBatch batch)
    {
        if (!Batches.IsAlive(batch))
        {
            return Ended(batch, "changed");
        }

        var isDone = Given(nameof(ThrottleLimit), ThrottleLimit) is { } limit
            && ShouldProcess(batch.Id, $"Set throttle limit to {limit}") && Batches.SetThrottle(batch.RunFolder, limit, Canceled);
        return (Given(nameof(RequestsPerSecond), RequestsPerSecond) is { } rate
            && ShouldProcess(batch.Id, $"Set requests per second to {rate}") && Batches.SetRequestsPerSecond(batch.RunFolder, rate, Canceled)) || isDone;
    }
}
