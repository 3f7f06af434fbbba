using PSRunner.Engine.Observation;

namespace PSRunner.Hosting;

/// <summary>
/// The engine's catalogue of batches, in types that scripts may see. Commands call this and never the engine itself, so
/// that no exported type needs an engine type to be loaded.
/// </summary>
internal static class Batches
{
    /// <summary>True when a name may mean several batches.</summary>
    public static bool IsPattern(string name) => BatchCatalog.IsPattern(name);

    /// <summary>The runs of a name, id, four hex digits or pattern, newest first.</summary>
    public static IReadOnlyList<string> FindNamed(string name, string root) => BatchCatalog.Find(name, root);

    /// <summary>The run folder itself, or the run folders in a folder.</summary>
    public static IReadOnlyList<string> FindIn(string path) => BatchCatalog.Expand(path);

    /// <summary>All batches that the user's index and the default folder know, newest first.</summary>
    public static IReadOnlyList<string> FindAll(string root) => BatchCatalog.RunFolders(root);

    /// <summary>The newest names, each once.</summary>
    public static IReadOnlyList<string> Names(string root, int most) => BatchCatalog.NewestNames(root, most);

    /// <summary>A batch's live figures.</summary>
    public static TestProgress ReadProgress(string runFolder) => BatchCatalog.Read(runFolder);

    /// <summary>A batch at rest.</summary>
    public static TestBatch Read(string runFolder) => AtRest(BatchCatalog.Read(runFolder));

    /// <summary>Asks the process that works on the batch to end it; false when it had ended.</summary>
    public static bool RequestStop(string runFolder, bool force) => BatchCatalog.RequestStop(runFolder, force);

    /// <summary>The batch without what moves, so that it is shown as a batch and not as progress.</summary>
    public static TestBatch AtRest(TestBatch batch) => new()
    {
        Name = batch.Name,
        Id = batch.Id,
        State = batch.State,
        Message = batch.Message,
        Planned = batch.Planned,
        Done = batch.Done,
        Passed = batch.Passed,
        Failed = batch.Failed,
        Errored = batch.Errored,
        TimedOut = batch.TimedOut,
        Crashed = batch.Crashed,
        Skipped = batch.Skipped,
        StartedAt = batch.StartedAt,
        Session = batch.Session,
        RunFolder = batch.RunFolder,
        ProcessId = batch.ProcessId,
    };
}
