namespace PSRunner.Engine.Storage;

/// <summary>Opens the run folder of a batch that ended or died, for a new session. Only its owner may.</summary>
internal static class Recovery
{
    /// <summary>
    /// Finds out what is true. What a dead session wrote is first forced to the device, because a later crash must not take
    /// back what is believed now. A part that cannot be read is set aside under another name; nothing else is changed but
    /// temporary files, which go.
    /// </summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="files">The disk.</param>
    /// <param name="plan">The plan.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="TestBatchException">A later version wrote a file.</exception>
    public static RecoveredState Open(RunFolder folder, IStoreFiles files, IPlannedCases plan)
    {
        folder.CreateFolders(files);
        foreach (var name in files.List(folder.JournalFolder).Where(name => RunFolder.NumberOf(name) > 0))
        {
            files.FlushFile(Path.Combine(folder.JournalFolder, name));
        }

        files.FlushFolder(folder.JournalFolder);
        files.FlushFolder(folder.ResultsFolder);
        RemoveTemporary(folder, files);

        var scan = RunScan.Read(folder, files, plan.BatchId, plan.Count);
        foreach (var number in scan.DamagedParts)
        {
            files.Rename(folder.PartFile(number), folder.PartFile(number) + ".damaged");
        }

        return new RecoveredState(scan);
    }

    private static void RemoveTemporary(RunFolder folder, IStoreFiles files)
    {
        foreach (var parent in (string[])[folder.FullPath, folder.ResultsFolder, folder.AttemptsFolder, folder.ArtifactsFolder, folder.ResourcesFolder])
        {
            foreach (var name in files.List(parent).Where(name => name.EndsWith(StoreFilesExtensions.TemporarySuffix, StringComparison.Ordinal)))
            {
                files.Delete(Path.Combine(parent, name));
            }
        }
    }
}
