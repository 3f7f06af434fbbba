using PSRunner.Engine;
using PSRunner.Engine.Observation;

namespace PSRunner.Hosting;

/// <summary>
/// The engine's catalogue of batches, in types that scripts may see. Commands call this and never the engine itself, so
/// that no exported type needs an engine type to be loaded.
/// </summary>
internal static class Batches
{
    // As often as a batch writes its status.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

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

    /// <summary>True when a process works on the batch, or holds it suspended.</summary>
    public static bool IsAlive(TestBatch batch) => BatchControl.IsAlive(batch);

    /// <summary>True when not all of a batch at rest is in parts.</summary>
    public static bool HasJournal(string runFolder) => StoredBatch.HasJournal(runFolder);

    /// <summary>Asks the process that works on the batch to end it; false when it had ended.</summary>
    public static bool Stop(string runFolder, bool force, WaitHandle canceled) => BatchControl.Stop(runFolder, force, canceled);

    /// <summary>Has it start nothing new; false when it had ended.</summary>
    public static bool Suspend(string runFolder, WaitHandle canceled) => BatchControl.Suspend(runFolder, canceled);

    /// <summary>Has it go on where it lives; false when it had ended.</summary>
    public static bool Resume(string runFolder, WaitHandle canceled) => BatchControl.Resume(runFolder, canceled);

    /// <summary>Sets how many cases run at once; false when it had ended.</summary>
    public static bool SetThrottle(string runFolder, int limit, WaitHandle canceled) => BatchControl.SetThrottle(runFolder, limit, canceled);

    /// <summary>Sets the cap on requests per second; false when it had ended.</summary>
    public static bool SetRequestsPerSecond(string runFolder, double rate, WaitHandle canceled) => BatchControl.SetRequestsPerSecond(runFolder, rate, canceled);

    /// <summary>Deletes a batch that nothing works on.</summary>
    public static void Remove(string runFolder) => BatchControl.Remove(runFolder);

    /// <summary>Waits until no process works on the batch; at once true when the caller was canceled.</summary>
    /// <returns>False when the limit came first.</returns>
    public static bool WaitForEnd(string runFolder, TimeSpan limit, WaitHandle canceled)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (IsAlive(BatchCatalog.Read(runFolder)))
        {
            if (TimeProvider.System.GetElapsedTime(began) >= limit)
            {
                return false;
            }

            if (canceled.WaitOne(LookEvery))
            {
                break;
            }
        }

        return true;
    }

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
