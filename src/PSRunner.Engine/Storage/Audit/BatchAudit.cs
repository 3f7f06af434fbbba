using PSRunner.Engine.Observation;

namespace PSRunner.Engine.Storage;

/// <summary>
/// Proves of a run folder that it is what was written: every planned case recorded once or pending, every byte of plan,
/// journal, parts and artifacts as its hash says. Changes nothing; a batch may run meanwhile.
/// </summary>
public static class BatchAudit
{
    /// <summary>True when a folder was a run folder, even if its batch.json is gone.</summary>
    /// <param name="path">A full path.</param>
    public static bool IsRunFolder(string path) =>
        new RunFolder(path) is var folder && (File.Exists(folder.BatchFile) || (File.Exists(folder.PlanFile) && Directory.Exists(folder.JournalFolder)));

    /// <summary>Audits one batch.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <exception cref="TestBatchException">A later version wrote it, or the disk refuses to be read.</exception>
    public static TestBatchAudit Run(string runFolder)
    {
        var folder = new RunFolder(runFolder);
        try
        {
            return Run(folder, DiskFiles.Instance);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TestBatchException("BatchUnreadable", ErrorKind.ReadError, $"'{folder.FullPath}' cannot be read: {e.Message}", folder.FullPath, e);
        }
    }

    internal static TestBatchAudit Run(RunFolder folder, IStoreFiles files)
    {
        var report = new AuditReport(folder);
        var isAlive = OwnerInfo.Read(files, folder)?.Judge(folder) is OwnerState.Alive or OwnerState.Elsewhere;
        var status = StatusDocument.TryRead(folder.StatusFile, files)?.Progress; // Before the results, which only become more.
        using var plan = AuditedPlan.Open(folder, files, report);
        var recorded = plan is null ? 0 : CheckResults(folder, files, plan, status, isAlive, report);
        var others = new FolderAudit(folder, files, report);
        others.CheckOwner(isAlive);
        others.CheckLeftovers(isAlive);
        return new TestBatchAudit
        {
            Batch = plan?.BatchId ?? folder.Id,
            RunFolder = folder.FullPath,
            Healthy = !report.HasErrors,
            Planned = plan?.Planned ?? 0,
            Recorded = recorded,
            FindingCount = report.Count,
            Findings = report.Findings,
        };
    }

    private static bool IsEnded(TestProgress? status) => status is not (null or { State: BatchStates.Running or BatchStates.Suspended });

    private static int CheckResults(RunFolder folder, IStoreFiles files, AuditedPlan plan, TestProgress? status, bool isAlive, AuditReport report)
    {
        var scan = RunScan.Read(folder, files, plan.BatchId, plan.Planned);
        foreach (var finding in scan.Findings.Where(finding => finding.IsCorrupt))
        {
            var parent = finding.File.EndsWith(".jsonl", StringComparison.Ordinal) ? folder.JournalFolder : folder.ResultsFolder;
            report.Error(Path.Combine(parent, finding.File), finding.Message, report.Repair);
        }

        var closedSession = !isAlive && IsEnded(status) && status!.Session >= scan.LastSession ? status.Session : 0;
        CheckFiles(folder, files, plan, scan, isAlive, closedSession, report);
        var recorded = scan.Index.Outcomes.Count(outcome => outcome != 0);
        new FolderAudit(folder, files, report).CheckStatus(status, scan, plan.Planned, recorded, closedSession);
        return recorded;
    }

    private static void CheckFiles(
        RunFolder folder, IStoreFiles files, AuditedPlan plan, RunScan scan, bool isAlive, int closedSession, AuditReport report)
    {
        var artifacts = new ArtifactAudit(folder, files, report);
        var parts = new PartAudit(folder, files, plan, artifacts, report);
        foreach (var number in scan.Numbers)
        {
            // A file that its owner seals meanwhile is a part by now.
            using var file = files.TryOpenRead(folder.JournalFile(number));
            if (file is null)
            {
                parts.CheckSealed(number);
                CheckSuperseded(folder, scan, number, isAlive, report);
                continue;
            }

            var journal = new JournalAudit(folder.JournalFile(number), plan, artifacts, report);
            journal.Check(file, number, isAlive && number == scan.Journals.Max(), closedSession);
            if (!isAlive)
            {
                parts.CheckBesideJournal(number, journal.Ended);
            }

            // What is left of a closed batch is at most one file, which knows of open cases and nothing else.
            if (closedSession > 0 && (journal.Ended.Count > 0 || scan.Open.Count == 0))
            {
                report.Warning(
                    folder.JournalFile(number), "It is not a part yet, although the session was closed: queries over the parts miss what it holds. Nothing is lost.",
                    report.Repair);
            }
        }

        foreach (var number in files.List(folder.AttemptsFolder).Select(RunFolder.NumberOf).Where(number => number > 0))
        {
            parts.CheckReplaced(number);
        }
    }

    /// <summary>A row that no longer counts stays in its part until the session that runs its case again takes it out, which is in the journal.</summary>
    private static void CheckSuperseded(RunFolder folder, RunScan scan, int number, bool isAlive, AuditReport report)
    {
        if (isAlive || scan.Index.Superseded.GetValueOrDefault(number) is not { Count: > 0 and var rows })
        {
            return;
        }

        report.Add(
            scan.Journals.Count == 0 ? FindingSeverity.Error : FindingSeverity.Info, folder.PartFile(number),
            $"{rows} of its rows belong to cases that have another result or run again; queries over the parts count them too.", report.Repair);
    }
}
