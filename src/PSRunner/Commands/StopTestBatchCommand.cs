using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Ends a batch that runs in this or another process; it can be resumed. A batch that has ended is no error.</summary>
[Cmdlet(VerbsLifecycle.Stop, "TestBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatch))]
public sealed class StopTestBatchCommand : BatchSelectionCommand, IDisposable
{
    // Longer than grace and shutdown together: after that somebody must look.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly ManualResetEventSlim _stopped = new();

    /// <summary>Ends the running attempts at once, without their grace period.</summary>
    [Parameter(HelpMessage = "End running attempts at once, without their grace period.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Asks and returns, without waiting for the end.</summary>
    [Parameter(HelpMessage = "Ask and return, without waiting for the end.")]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Writes the batch.</summary>
    [Parameter(HelpMessage = "Write the batch.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _stopped.Dispose();

    /// <inheritdoc/>
    protected override void StopProcessing() => _stopped.Set();

    private protected override void Process()
    {
        if (IsUnspecified)
        {
            throw Errors.NoBatch(MyInvocation.MyCommand.Name);
        }

        foreach (var folder in TakeRunFolders(Living))
        {
            Stop(folder);
        }
    }

    private void Stop(string folder)
    {
        var batch = Batches.Read(folder);
        if (!ShouldProcess(batch.Id, "Stop batch"))
        {
            return;
        }

        if (Batches.RequestStop(folder, Force) && !NoWait)
        {
            batch = WaitForEnd(folder);
        }

        if (PassThru)
        {
            WriteObject(NoWait ? batch : Batches.Read(folder));
        }
    }

    private TestBatch WaitForEnd(string folder)
    {
        var began = TimeProvider.System.GetTimestamp();
        var batch = Batches.Read(folder);
        while (IsAlive(batch) && !_stopped.Wait(LookEvery))
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                throw Errors.NoAnswer(batch, Patience.TotalSeconds);
            }

            batch = Batches.Read(folder);
        }

        return batch;
    }

    private static bool IsAlive(TestBatch batch) => batch.State is BatchStates.Running or BatchStates.Suspended;

    // An exact name means the run that lives; where none does, the newest, which is no error.
    private static IEnumerable<string> Living(IReadOnlyList<string> runs)
    {
        var living = runs.Where(run => IsAlive(Batches.Read(run))).ToList();
        return living.Count switch
        {
            0 => Newest(runs),
            1 => living,
            _ => throw Errors.Ambiguous(living.Select(Batches.Read)),
        };
    }
}
