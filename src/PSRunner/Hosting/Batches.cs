using PSRunner.Engine;

namespace PSRunner.Hosting;

/// <summary>
/// The engine's catalogue of batches, in types that scripts may see. Commands call this and never the engine itself, so
/// that no exported type needs an engine type to be loaded.
/// </summary>
internal static class Batches
{
    /// <summary>The runs of a name, id, four hex digits or wildcard, newest first.</summary>
    public static IReadOnlyList<string> FindNamed(string name, string defaultRoot) =>
        BatchCatalog.Find(new BatchQuery { Names = [name], DefaultRoot = defaultRoot });

    /// <summary>The run folder itself, or the run folders in a folder.</summary>
    public static IReadOnlyList<string> FindIn(string path) => BatchCatalog.Find(new BatchQuery { Paths = [path] });

    /// <summary>All batches that the user's index and the default folder know, newest first.</summary>
    public static IReadOnlyList<string> FindAll(string defaultRoot) => FindNamed("*", defaultRoot);

    /// <summary>The newest names, for completion.</summary>
    public static IReadOnlyList<string> Names(int most) => BatchCatalog.Names(most);

    /// <summary>A batch at rest.</summary>
    public static TestBatch Read(string runFolder) => BatchCatalog.Read(runFolder);

    /// <summary>A batch's live figures.</summary>
    public static TestProgress ReadProgress(string runFolder) => BatchCatalog.ReadProgress(runFolder);

    /// <summary>Asks the process that works on the batch to end it; false when it had ended.</summary>
    public static bool RequestStop(string runFolder, bool force) => BatchCatalog.RequestStop(runFolder, force);
}
