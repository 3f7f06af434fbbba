using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Deletes batches with all their results. One that runs is refused, or with -Force ended first.</summary>
[Cmdlet(VerbsCommon.Remove, "TestBatch", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium, DefaultParameterSetName = ByName)]
public sealed class RemoveTestBatchCommand : BatchSelectionCommand, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ManualResetEvent _canceled = new(initialState: false);

    /// <summary>Ends a batch that runs, without grace, and removes it.</summary>
    [Parameter(HelpMessage = "End a batch that runs, without grace, and remove it.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _canceled.Dispose();

    /// <inheritdoc/>
    protected override void StopProcessing() => _canceled.Set();

    private protected override void Process()
    {
        RequireBatch();
        ForEachBatch(TakeRunFolders(Only), Remove);
    }

    private void Remove(string folder)
    {
        var batch = Batches.Read(folder);
        if (!ShouldProcess(batch.Id, $"Remove batch with {DisplayText.Count(batch.Done)} results"))
        {
            return;
        }

        if (Force && Batches.Stop(folder, force: true, _canceled) && !Batches.WaitForEnd(folder, Patience, _canceled))
        {
            throw Errors.NoAnswer(batch, Patience.TotalSeconds);
        }

        if (!Stopping)
        {
            Batches.Remove(folder);
        }
    }

    // What is gone is gone: a name that several runs bear removes none of them.
    private static IEnumerable<string> Only(IReadOnlyList<string> runs) =>
        runs.Count == 1 ? runs : throw Errors.Ambiguous("has", runs);
}
