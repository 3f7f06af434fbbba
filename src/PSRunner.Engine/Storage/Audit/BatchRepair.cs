using PSRunner.Engine.Observation;
using PSRunner.Engine.Planning;

namespace PSRunner.Engine.Storage;

/// <summary>
/// Mends a run folder without inventing anything: a session that runs no case. What is whole is sealed, what is damaged is
/// set aside under another name, and cases that lose their result by it are pending again.
/// </summary>
public static class BatchRepair
{
    /// <summary>Repairs one batch and audits it again. A batch without findings is left as it is.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <param name="time">The clock; null: the system's.</param>
    /// <exception cref="TestBatchException">A process works on the batch, its plan is damaged, or the disk refuses.</exception>
    public static TestBatchAudit Run(string runFolder, TimeProvider? time = null)
    {
        var folder = new RunFolder(runFolder);
        try
        {
            if (OwnerInfo.Read(DiskFiles.Instance, folder)?.Judge(folder) == OwnerState.Alive)
            {
                throw OwnerLock.Running(DiskFiles.Instance, folder);
            }

            var before = BatchAudit.Run(runFolder);
            if (before.FindingCount == 0)
            {
                return before;
            }

            using var plan = BatchPlan.Open(folder, []);
            using var owner = OwnerLock.Take(DiskFiles.Instance, folder, session: 0);
            Mend(folder, DiskFiles.Instance, plan, owner, time ?? TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TestBatchException("RunFolderUnusable", ErrorKind.WriteError, $"The run folder '{folder.FullPath}' cannot be mended: {e.Message}", folder.FullPath, e);
        }

        return BatchAudit.Run(runFolder);
    }

    internal static void Mend(RunFolder folder, IStoreFiles files, BatchPlan plan, OwnerLock owner, TimeProvider time)
    {
        folder.CreateFolders(files);
        new PartMender(folder, files, plan).SetDamagedAside();
        var recovered = Recovery.Open(folder, files, plan);
        var sealer = new PartSealer(folder, files, plan, recovered.Superseded, owner.Verify);
        var session = recovered.LastSession + 1;
        OwnerInfo.Current(folder, session).Write(files, folder);
        using var journal = new JournalLog(folder, files, recovered.BeginSession(plan, owner, time.GetUtcNow()));

        // Old files go only when the open set is in a new one; that one stays if there is anything in it.
        journal.Write([]);
        foreach (var file in journal.Flush([]).Concat(journal.Close()))
        {
            sealer.Seal(file);
        }

        WriteStatus(folder, files, plan, recovered, session, time);
    }

    private static void WriteStatus(RunFolder folder, IStoreFiles files, BatchPlan plan, RecoveredState recovered, int session, TimeProvider time)
    {
        int Count(string outcome) => recovered.Counts[RecordParser.ByteOf(outcome)];
        var before = StatusDocument.TryRead(folder.StatusFile, files)?.Progress ?? new TestProgress { State = BatchStates.Stopped };
        var pending = recovered.Counts[0];

        // What a crash cut off stays so for the next session to judge; a status that still says Running is shown as lost.
        var state = pending == 0 ? BatchStates.Completed
            : recovered.Open.Cases.Any(known => known.Running) ? BatchStates.Running
            : before.State is BatchStates.Completed or BatchStates.Running or BatchStates.Suspended ? BatchStates.Stopped
            : before.State;
        var status = before with
        {
            Name = BatchName.LabelOf(plan.BatchId),
            Id = plan.BatchId,
            State = state,
            Message = "It was repaired.",
            Planned = plan.Count,
            Done = plan.Count - pending,
            Passed = Count(Outcomes.Passed),
            Failed = Count(Outcomes.Failed),
            Errored = Count(Outcomes.Errored),
            TimedOut = Count(Outcomes.TimedOut),
            Crashed = Count(Outcomes.Crashed),
            Skipped = Count(Outcomes.Skipped),
            StartedAt = plan.Manifest.StartedAt,
            Session = session,
            RunFolder = folder.FullPath,
            ProcessId = 0,
            Running = 0,
            Pending = pending,
            Unsaved = 0,
            Rate = double.NaN,
            LeftSeconds = double.NaN,
            SlowestRunning = "",
            Gate = "",
            Zombies = 0,
            UpdatedAt = time.GetUtcNow().UtcDateTime,
        };
        files.Replace(folder.StatusFile, new StatusDocument { Progress = status }.ToBytes());
    }
}
