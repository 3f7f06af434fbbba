using PSRunner.Engine.Storage;

namespace PSRunner.Hosting;

/// <summary>The engine's audit and repair, in types that scripts may see (see <see cref="Batches"/>).</summary>
internal static class Audits
{
    /// <summary>True when a folder was a run folder, even if its batch.json is gone.</summary>
    public static bool IsRunFolder(string path) => BatchAudit.IsRunFolder(path);

    /// <summary>Audits a batch; changes nothing.</summary>
    public static TestBatchAudit Test(string runFolder) => BatchAudit.Run(runFolder);

    /// <summary>Mends a batch and audits it again.</summary>
    public static TestBatchAudit Repair(string runFolder) => BatchRepair.Run(runFolder);
}
