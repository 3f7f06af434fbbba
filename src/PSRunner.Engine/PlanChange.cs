using System.Collections;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine;

/// <summary>
/// A changed plan with which a batch goes on. Cases are known by their ids: those that are new are added at the end of the
/// batch's plan; those that are missing stay in it, and get a Skipped result where they have none. So nothing that was
/// recorded loses its case, and doing it again after it was cut off ends the same. What is pending then runs as ever.
/// </summary>
public sealed class PlanChange : IDisposable
{
    private const string PlanName = "plan.jsonl";
    private const int CasesInGroup = 1_000;
    private const int CopyAtOnce = 1 << 20;

    private readonly string _folder;
    private readonly IReadOnlyList<ITestExecutor> _executors;
    private readonly IStoreFiles _files;
    private readonly IAppendFile _file;
    private readonly PlanWriter _writer;
    private FrozenPlan? _plan;

    /// <param name="executors">One for each kind of case that may come.</param>
    /// <exception cref="TestBatchException">The folder for temporary files cannot be written.</exception>
    public PlanChange(IReadOnlyList<ITestExecutor> executors)
        : this(executors, DiskFiles.Instance)
    {
    }

    /// <inheritdoc cref="PlanChange(IReadOnlyList{ITestExecutor})"/>
    internal PlanChange(IReadOnlyList<ITestExecutor> executors, IStoreFiles disk)
    {
        _executors = executors;
        _files = disk;
        (_folder, _file) = Keep(() =>
        {
            var folder = Directory.CreateTempSubdirectory("psrunner-plan-").FullName;
            try
            {
                return (folder, disk.Create(Path.Combine(folder, PlanName)));
            }
            catch
            {
                Directory.Delete(folder, recursive: true);
                throw;
            }
        });
        _writer = new PlanWriter(_file.Write, executors);
    }

    private FrozenPlan Plan => _plan ?? throw new InvalidOperationException("The plan is not frozen.");

    /// <summary>Adds a case to the changed plan.</summary>
    /// <exception cref="TestBatchException">No executor knows its kind, it is too large, or finds no room.</exception>
    public void Add(TestCase testCase) => Keep(() =>
    {
        _writer.Add(testCase);
        return true;
    });

    /// <summary>No more cases come.</summary>
    /// <exception cref="TestBatchException">The last ones found no room.</exception>
    public void Freeze()
    {
        Keep(_writer.Finish);
        _file.Dispose();
        _plan = FrozenPlan.Open(_files, Path.Combine(_folder, PlanName), hash => new SharedDefinition(hash, ""));
        if (!OperatingSystem.IsWindows())
        {
            // An open file needs no name, and then nothing is left of it should this process be killed.
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>What the change means for a batch, as things stand. Changes nothing.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <exception cref="TestBatchException">There is no batch, or it cannot take these cases.</exception>
    public PlanDifference Compare(string runFolder)
    {
        var folder = new RunFolder(runFolder);
        using var plan = BatchPlan.Open(folder, [], _files);
        CheckColumns(plan);
        return Compare(plan, RunScan.Read(folder, _files, plan.BatchId, plan.Count).Index.Outcomes);
    }

    /// <summary>
    /// Makes the change to a batch that nobody works on. First the dropped cases get their results, then the longer plan takes
    /// the place of the old one, and batch.json, which says how much of the file is the plan, last.
    /// </summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <param name="retryOutcome">Outcomes, or causes with wildcards, whose cases are to run again where the changed plan has them; null: none.</param>
    /// <param name="time">The clock; null: the system's.</param>
    /// <exception cref="TestBatchException">There is no batch, it cannot take these cases, or a process works on it.</exception>
    public PlanDifference Apply(string runFolder, IReadOnlyList<string>? retryOutcome = null, TimeProvider? time = null)
    {
        var folder = new RunFolder(runFolder);
        var again = new OutcomeFilter(retryOutcome ?? [], nameof(ResumeOptions.RetryOutcome));
        try
        {
            using (var plan = BatchPlan.Open(folder, _executors, _files))
            {
                plan.CheckExecutors();
                CheckColumns(plan);
            }

            using var owner = OwnerLock.Take(_files, folder, session: 0);
            return Apply(folder, _files, owner, again, time ?? TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TestBatchException("RunFolderUnusable", ErrorKind.WriteError, $"The run folder '{folder.FullPath}' cannot be used: {e.Message}", folder.FullPath, e);
        }
    }

    internal PlanDifference Apply(RunFolder folder, IStoreFiles files, OwnerLock owner, OutcomeFilter again, TimeProvider time)
    {
        using var plan = BatchPlan.Open(folder, _executors, files);
        var recovered = Recovery.Open(folder, files, plan);
        var difference = Compare(plan, recovered.Outcomes);
        Return(difference, plan, files, recovered, again);
        if (difference.Dropped > 0 || recovered.Reopened.Count > 0)
        {
            Record(difference.DroppedCases, folder, files, plan, recovered, owner, time);
        }

        if (difference.Added > 0)
        {
            owner.Verify();
            Extend(difference.AddedCases, folder, files, plan.Manifest);
        }

        return difference;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _file.Dispose();
        _plan?.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    // The changed plan waits in a file until the batch takes it.
    private static T Keep<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TestBatchException(
                "PlanNotKept", ErrorKind.WriteError,
                $"The changed plan cannot be kept until the batch takes it: {e.Message.TrimEnd('.')}. The batch is untouched. Make room in '{Path.GetTempPath()}', or name another folder for temporary files (TMPDIR).", Path.GetTempPath(), e);
        }
    }

    private PlanDifference Compare(BatchPlan plan, byte[] outcomes)
    {
        var places = new Dictionary<UInt128, int>(plan.Count);
        for (var i = 0; i < plan.Count; i++)
        {
            places.Add(plan.IdNumberOf(i), i);
        }

        var wanted = new BitArray(plan.Count);
        var added = new List<int>();
        for (var i = 0; i < Plan.Count; i++)
        {
            if (places.TryGetValue(Plan.IdNumberOf(i), out var place))
            {
                wanted[place] = true;
            }
            else
            {
                added.Add(i);
            }
        }

        return new PlanDifference(wanted, added, [.. Enumerable.Range(0, plan.Count).Where(i => !wanted[i] && outcomes[i] == 0)]);
    }

    // All parts of a batch have the same columns, so that one query reads them all: a new column would need a new batch.
    private void CheckColumns(BatchPlan plan)
    {
        foreach (var (name, type) in _writer.Parameters)
        {
            var at = plan.Schema.FindParameter(name);
            var column = at < 0 ? null : plan.Schema.Parameters[at];
            if (column is null || (type is not null && column.Type != ColumnType.Text && column.Type != type))
            {
                throw new TestBatchException(
                    "PlanColumnsDiffer", ErrorKind.InvalidArgument,
                    column is null
                        ? $"The changed plan has the parameter '{name}', which batch '{plan.BatchId}' has not; all its results have the same columns. Run these cases as a new batch."
                        : $"The values of parameter '{name}' are {type} in the changed plan and {column.Type} in batch '{plan.BatchId}'; all its results have the same columns. Run these cases as a new batch.",
                    name);
            }
        }

        if (_writer.UsedExecutors.SelectMany(e => e.Metrics).FirstOrDefault(metric => plan.Schema.FindMetric(metric) < 0) is { } missing)
        {
            throw new TestBatchException(
                "PlanColumnsDiffer", ErrorKind.InvalidArgument,
                $"The changed plan has cases that measure '{missing}', which batch '{plan.BatchId}' has no column for. Run these cases as a new batch.", missing);
        }
    }

    // Cases that an earlier change left out and that are back, and those that are to run again: here, because only here is
    // known which cases the changed plan has.
    private static void Return(PlanDifference difference, BatchPlan plan, IStoreFiles files, RecoveredState recovered, OutcomeFilter again)
    {
        var skipped = RecordParser.ByteOf(Outcomes.Skipped);
        if (again.IsEmpty && !recovered.Outcomes.Contains(skipped))
        {
            return;
        }

        foreach (var result in new ResultReader(plan.Folder, plan, files).Read().Where(r => difference.Wants(r.Index) && (r.Cause == Causes.Excluded || again.Matches(r))))
        {
            recovered.Reopen(result.Index);
        }
    }

    // A session that runs no case, as a repair is one: the next one recovers what it wrote.
    private static void Record(
        IReadOnlyList<int> dropped, RunFolder folder, IStoreFiles files, BatchPlan plan, RecoveredState recovered, OwnerLock owner, TimeProvider time)
    {
        var session = recovered.LastSession + 1;
        var results = new ResultFactory(plan.Schema, plan.BatchId, folder.FullPath, session);
        using var journal = new JournalLog(folder, files, recovered.BeginSession(plan, owner, time.GetUtcNow()) with { ResultsPerFile = plan.Manifest.Options.ResultsPerFile });
        journal.Write([]);
        journal.Flush([]);
        foreach (var some in dropped.Chunk(CasesInGroup))
        {
            ResultRecord[] group = [.. some.Select(index => new ResultRecord(results.Make(
                new EndedCase(
                    plan.Load(index), plan.IdOf(index), index, plan.JudgesModel(index), recovered.Open[index].Attempt + 1, time.GetUtcNow().UtcDateTime, double.NaN),
                Causes.Excluded, "The batch went on with a plan that does not have it.", new AttemptReport())))];
            journal.Write(group);
            journal.Flush(group);
        }
    }

    private void Extend(IReadOnlyList<int> added, RunFolder folder, IStoreFiles files, BatchManifest manifest)
    {
        var length = manifest.PlanLength ?? LengthOf(files, folder.PlanFile);
        if (manifest.PlanLength is null)
        {
            files.Replace(folder.BatchFile, (manifest with { PlanLength = length }).ToBytes());
        }

        foreach (var shared in _writer.Shared)
        {
            files.Replace(folder.ResourceFile(shared.Hash), System.Text.Encoding.UTF8.GetBytes(shared.Text));
        }

        length = WritePlan(added, folder, files, length);
        using var changed = FrozenPlan.Open(files, folder.PlanFile, hash => new SharedDefinition(hash, ""), length);
        files.Replace(folder.BatchFile, (manifest with
        {
            PlanLength = length,
            PlanHash = changed.Hash,
            Planned = changed.Count,
            Executors = manifest.Executors.Concat(_writer.UsedExecutors.Select(e => KeyValuePair.Create(e.Kind, e.Fingerprint)))
                .DistinctBy(pair => pair.Key).ToDictionary(StringComparer.Ordinal),
            Needs = [.. (manifest.Needs ?? []).Union(_writer.Needs)],
        }).ToBytes());
    }

    private static long LengthOf(IStoreFiles files, string path)
    {
        using var file = files.OpenRead(path);
        return file.Length;
    }

    private long WritePlan(IReadOnlyList<int> added, RunFolder folder, IStoreFiles files, long length)
    {
        var temporary = folder.PlanFile + StoreFilesExtensions.TemporarySuffix;
        files.Delete(temporary);
        using (var file = files.Create(temporary))
        {
            using (var old = files.OpenRead(folder.PlanFile))
            {
                var buffer = new byte[CopyAtOnce];
                while (file.Length < length)
                {
                    var some = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - file.Length));
                    old.ReadExactly(some);
                    file.Write(some);
                }
            }

            foreach (var some in added.Chunk(CasesInGroup))
            {
                file.Write(some.SelectMany(Plan.ReadLine).ToArray());
            }

            file.Flush();
            length = file.Length;
        }

        files.Rename(temporary, folder.PlanFile);
        files.FlushFolder(folder.FullPath);
        return length;
    }
}
