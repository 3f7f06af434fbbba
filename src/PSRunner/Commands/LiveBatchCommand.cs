using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>
/// What acts on a batch that lives, in this process or another. An exact name means the run that lives; what one batch
/// refuses is an error of that one and keeps no other from its turn.
/// </summary>
public abstract class LiveBatchCommand : BatchSelectionCommand, IDisposable
{
    private readonly ManualResetEvent _canceled = new(initialState: false);

    /// <summary>Writes the batch.</summary>
    [Parameter(HelpMessage = "Write the batch.")]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Signaled by Ctrl+C.</summary>
    private protected WaitHandle Canceled => _canceled;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => _canceled.Set();

    /// <summary>Gives the handle back.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _canceled.Dispose();
        }
    }

    private protected sealed override void Process()
    {
        RequireBatch();
        ForEachBatch(TakeRunFolders(LivingRun), folder =>
        {
            var batch = Batches.Read(folder);
            if (Act(batch) && PassThru)
            {
                WriteObject(Batches.Read(folder));
            }
        });
    }

    /// <summary>Acts on one batch; false when nothing was done.</summary>
    private protected abstract bool Act(TestBatch batch);

    /// <summary>What is said when it has ended already: an error for who named it, nothing for who named a pattern.</summary>
    private protected bool Ended(TestBatch batch, string verb) =>
        IsByPattern ? false : throw Errors.BatchEnded(batch, verb);
}
