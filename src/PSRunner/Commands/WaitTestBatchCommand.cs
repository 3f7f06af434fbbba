using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Waits until batches have ended and writes each, as it ended. Writes nothing for what has not ended in time.</summary>
[Cmdlet(VerbsLifecycle.Wait, "TestBatch", DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatch))]
public sealed class WaitTestBatchCommand : BatchSelectionCommand, IDisposable
{
    private readonly ManualResetEvent _canceled = new(initialState: false);
    private readonly List<string> _folders = [];

    /// <summary>Seconds to wait at most, for all of them together.</summary>
    [Parameter(HelpMessage = "Seconds to wait at most; until the end when not given.")]
    [Alias("Timeout", "TimeoutSec")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double TimeoutSeconds { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _canceled.Dispose();

    /// <inheritdoc/>
    protected override void StopProcessing() => _canceled.Set();

    private protected override void Process()
    {
        RequireBatch();
        ForEachBatch(TakeRunFolders(LivingRun), _folders.Add);
    }

    // A batch lives as long as its limits let it; Suspended is not an end.
    private protected override void End()
    {
        var limit = Given(nameof(TimeoutSeconds), TimeoutSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
        var began = TimeProvider.System.GetTimestamp();
        ForEachBatch(_folders, folder =>
        {
            if (Batches.WaitForEnd(folder, limit - TimeProvider.System.GetElapsedTime(began), _canceled) && !Stopping)
            {
                WriteObject(Batches.Read(folder));
            }
        });
    }
}
