using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>
/// Which batches are audited or repaired: at least one, or an error. A folder that lost its batch.json is found by its
/// path, because that is what an audit is for.
/// </summary>
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

        var found = TakeRunFolders(Newest).ToList();
        foreach (var folder in found.Count > 0 ? found : WithoutManifest())
        {
            Handle(folder);
        }
    }

    // Nothing of this input is a batch, or all of it was handled before.
    private List<string> WithoutManifest()
    {
        string[] paths = ParameterSetName == ByPath ? [.. Path!.SelectMany(ExpandPath)]
            : ParameterSetName == ByLiteralPath ? [.. LiteralPath!.Select(ToFilePath)]
            : [];
        var missing = paths.FirstOrDefault(path => Batches.FindIn(path).Count == 0 && !Audits.IsRunFolder(path));
        return missing is null
            ? [.. paths.Where(path => Batches.FindIn(path).Count == 0)]
            : throw new TestBatchException("NoBatchThere", ErrorKind.NotFound, $"'{missing}' is no run folder and has none in it. Give the folder of a batch.", missing);
    }
}
