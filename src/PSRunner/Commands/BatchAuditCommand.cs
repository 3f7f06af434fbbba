using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Which batches are audited or repaired. A folder that lost its batch.json is found by its path: that is what an audit is for.</summary>
public abstract class BatchAuditCommand : BatchSelectionCommand
{
    /// <summary>Handles one batch.</summary>
    private protected abstract void Handle(string runFolder);

    private protected override void Process()
    {
        if (IsUnspecified)
        {
            throw Errors.NoBatch(MyInvocation.MyCommand.Name);
        }

        foreach (var folder in TakeRunFolders(NewestRun))
        {
            Handle(folder);
        }
    }

    private protected override IReadOnlyList<string> BatchesIn(string path) =>
        base.BatchesIn(path) is { Count: > 0 } found ? found
        : Audits.IsRunFolder(path) ? [path]
        : [];
}
