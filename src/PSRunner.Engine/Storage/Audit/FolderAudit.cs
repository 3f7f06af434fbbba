namespace PSRunner.Engine.Storage;

/// <summary>Looks at what lies in the folder beside results: the status against what is recorded, and what belongs to nothing.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="files">The disk.</param>
/// <param name="report">Where findings go.</param>
internal sealed class FolderAudit(RunFolder folder, IStoreFiles files, AuditReport report)
{
    /// <summary>Compares the status, read before the results, with them.</summary>
    /// <param name="status">What status.json said; null: nothing.</param>
    /// <param name="scan">The results.</param>
    /// <param name="planned">Cases in the plan.</param>
    /// <param name="recorded">Cases with a result.</param>
    /// <param name="closedSession">The session that was closed in order; 0: none.</param>
    public void CheckStatus(TestProgress? status, RunScan scan, int planned, int recorded, int closedSession)
    {
        if (status is null)
        {
            if (recorded > 0 || files.List(folder.FullPath).Contains(Path.GetFileName(folder.StatusFile)))
            {
                report.Warning(folder.StatusFile, "It is missing or cannot be read, so the batch is shown as lost.", report.Repair);
            }

            return;
        }

        // Within a session results only become more, and the status counts none that is not durable.
        if (status.Session >= scan.LastSession && status.Done > recorded)
        {
            report.Error(folder.StatusFile, $"It counted {status.Done} results and only {recorded} are there: {status.Done - recorded} are gone.", report.Repair);
        }
        else if (closedSession > 0 && (status.Done < recorded || (status.State == BatchStates.Completed && recorded < planned)))
        {
            report.Warning(folder.StatusFile, $"It says {status.State} with {status.Done} results, and {recorded} of {planned} are recorded.", report.Repair);
        }

        if (closedSession > 0 && scan.Open.Cases.Count(known => known.Running) is > 0 and var running)
        {
            report.Error(folder.JournalFolder, $"{running} cases were running when it ends, although the session was closed in order: its end is missing.", report.Repair);
        }
    }

    /// <summary>Finds the lock's file missing.</summary>
    public void CheckOwner(bool isAlive)
    {
        // Only would-be owners open it.
        if (files.List(folder.FullPath).Contains(Path.GetFileName(folder.OwnerLockFile)))
        {
            return;
        }

        if (isAlive)
        {
            report.Error(folder.OwnerLockFile, "It was deleted while the batch runs; its owner stops writing.", $"Stop the batch and go on with Resume-TestBatch '{folder.Id}'.");
        }
        else
        {
            report.Add(FindingSeverity.Info, folder.OwnerLockFile, "It is missing.", "Nothing to do: the next owner makes it.");
        }
    }

    /// <summary>Finds what crashes, repairs and strangers left.</summary>
    /// <param name="isAlive">True when temporary files may be in use.</param>
    public void CheckLeftovers(bool isAlive)
    {
        foreach (var parent in (string[])[folder.FullPath, folder.JournalFolder, folder.ResultsFolder, folder.AttemptsFolder, folder.ArtifactsFolder, folder.ResourcesFolder])
        {
            foreach (var name in files.List(parent))
            {
                CheckName(parent, name, isAlive);
            }
        }
    }

    private void CheckName(string parent, string name, bool isAlive)
    {
        var path = Path.Combine(parent, name);
        if (name.EndsWith(StoreFilesExtensions.TemporarySuffix, StringComparison.Ordinal))
        {
            if (!isAlive)
            {
                report.Add(FindingSeverity.Info, path, "It is a temporary file that a crash left; nothing reads it.", report.Repair);
            }
        }
        else if (name.EndsWith(".damaged", StringComparison.Ordinal))
        {
            report.Warning(path, "It was damaged and set aside; its cases without a result are pending again.", "Look into it, or put a good copy in its place; then delete it.");
        }
        else if ((parent == folder.JournalFolder || parent == folder.ResultsFolder) && RunFolder.NumberOf(name) == 0)
        {
            report.Warning(path, "It is no file of the store, and queries over the folder would read it too.", "Move it elsewhere.");
        }
    }
}
