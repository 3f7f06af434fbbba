using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Scheduling;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Planning;

/// <summary>The frozen plan with its manifest and its executors: all that the scheduler, the runner and the store ask of it.</summary>
internal sealed class BatchPlan : ISchedulerPlan, IPlannedCases, ICaseSource, IDisposable
{
    private readonly FrozenPlan _plan;
    private readonly ITestExecutor[] _executorOfKind;
    private readonly string[] _kinds;

    private BatchPlan(RunFolder folder, BatchManifest manifest, FrozenPlan plan, IReadOnlyList<ITestExecutor> executors)
    {
        Folder = folder;
        Executors = executors.ToDictionary(e => e.Kind, StringComparer.Ordinal);
        Manifest = manifest;
        _plan = plan;
        _kinds = [.. plan.KindNames];
        _executorOfKind = [.. _kinds.Select(kind => executors.FirstOrDefault(e => e.Kind == kind)!)];
        Schema = new ResultSchema(manifest.Parameters, manifest.Metrics);
    }

    /// <summary>Where it lies.</summary>
    public RunFolder Folder { get; }

    /// <summary>The executors by kind.</summary>
    public IReadOnlyDictionary<string, ITestExecutor> Executors { get; }

    /// <summary>What was asked.</summary>
    public BatchManifest Manifest { get; }

    /// <inheritdoc/>
    public string BatchId => Manifest.Id;

    /// <inheritdoc cref="ISchedulerPlan.Count"/>
    public int Count => _plan.Count;

    /// <inheritdoc/>
    public ResultSchema Schema { get; }

    /// <inheritdoc/>
    public int LaneCount => _plan.LaneNames.Count;

    /// <summary>Opens the plan of a run folder for reading; no executor is needed to read results.</summary>
    /// <exception cref="TestBatchException">There is no batch, or its plan is damaged or not the one that batch.json speaks of.</exception>
    public static BatchPlan Open(RunFolder folder, IReadOnlyList<ITestExecutor> executors, IStoreFiles? disk = null)
    {
        var files = disk ?? DiskFiles.Instance;
        var manifest = BatchManifest.Read(folder.BatchFile, disk: files);
        var plan = FrozenPlan.Open(files, folder.PlanFile, hash => ReadShared(folder, files, hash), manifest.PlanLength ?? long.MaxValue);
        if (plan.Hash != manifest.PlanHash || plan.Count != manifest.Planned)
        {
            plan.Dispose();
            throw new TestBatchException(
                "PlanChanged", ErrorKind.InvalidData,
                $"'{folder.PlanFile}' was changed after batch '{manifest.Id}' began ({plan.Count} cases, {manifest.Planned} planned). Put the original back, or start a new batch.",
                folder.PlanFile);
        }

        return new BatchPlan(folder, manifest, plan, executors);
    }

    /// <summary>Checks that every kind of the plan can be run, and by executors that give the results the plan counts on.</summary>
    /// <exception cref="TestBatchException">An executor is missing or has changed.</exception>
    public void CheckExecutors()
    {
        for (var i = 0; i < _kinds.Length; i++)
        {
            var planned = Manifest.Executors.GetValueOrDefault(_kinds[i]);
            if (_executorOfKind[i] is null)
            {
                throw new TestBatchException(
                    "UnknownTestKind", ErrorKind.InvalidData, $"Batch '{BatchId}' has cases of kind '{_kinds[i]}', which nothing here can run.", BatchId);
            }

            if (_executorOfKind[i].Fingerprint != planned)
            {
                throw new TestBatchException(
                    "ExecutorChanged", ErrorKind.InvalidData,
                    $"Batch '{BatchId}' was planned for '{planned}' and this PSRunner runs '{_executorOfKind[i].Fingerprint}': the rest of its results would not be comparable. Go on with PSRunner {Manifest.Version}, or start a new batch.",
                    BatchId);
            }
        }
    }

    /// <summary>What the ladder of limits must know.</summary>
    public PlanFacts Facts()
    {
        var (longest, retries) = (0.0, 0);
        var inLane = new int[LaneCount];
        for (var i = 0; i < Count; i++)
        {
            longest = float.IsNaN(_plan.TestTimeoutOf(i)) ? longest : Math.Max(longest, _plan.TestTimeoutOf(i));
            retries = Math.Max(retries, _plan.RetryCountOf(i));
            inLane[_plan.LaneOf(i)]++;
        }

        return PlanFacts.Of(
            Count, [.. _executorOfKind.Where(e => e is not null)], longest, retries,
            _plan.LaneNames.Zip(inLane).ToDictionary(lane => lane.First, lane => lane.Second, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The executors that the plan has cases for.</summary>
    public IEnumerable<ITestExecutor> UsedExecutors => _executorOfKind;

    /// <summary>The executor of a case.</summary>
    public ITestExecutor ExecutorOf(int index) => _executorOfKind[_plan.KindNumberOf(index)];

    /// <summary>A case from the file.</summary>
    public TestCase Load(int index) => _plan.Load(index);

    /// <summary>The id of a case.</summary>
    public string IdOf(int index) => _plan.IdOf(index);

    /// <summary>The id of a case as a number.</summary>
    public UInt128 IdNumberOf(int index) => _plan.IdNumberOf(index);

    /// <inheritdoc/>
    public PlannedCase Get(int index)
    {
        var testCase = _plan.Load(index, withShared: false);
        return new PlannedCase(_plan.IdOf(index), testCase.Kind, testCase.Name, Schema.ParametersOf(testCase));
    }

    /// <inheritdoc/>
    public string LaneName(int lane) => _plan.LaneNames[lane];

    /// <inheritdoc/>
    public int FirstOfLane(int lane) => _plan.FirstOfLane(lane);

    /// <inheritdoc/>
    public int NextInLane(int index) => _plan.NextInLane(index);

    /// <inheritdoc/>
    public int LaneOf(int index) => _plan.LaneOf(index);

    /// <inheritdoc/>
    public TimeSpan? TestTimeout(int index) =>
        _plan.TestTimeoutOf(index) is var seconds && float.IsNaN(seconds) ? null : TimeSpan.FromSeconds(seconds);

    /// <inheritdoc/>
    public int? RetryCount(int index) => _plan.RetryCountOf(index) is >= 0 and var count ? count : null;

    /// <inheritdoc/>
    public bool JudgesModel(int index) => ExecutorOf(index).JudgesModel;

    /// <inheritdoc/>
    public bool CanCrashHost(int index) => ExecutorOf(index).CanCrashHost;

    /// <inheritdoc/>
    public void Dispose() => _plan.Dispose();

    internal static SharedDefinition ReadShared(RunFolder folder, IStoreFiles files, string hash)
    {
        var path = folder.ResourceFile(hash);
        var text = Encoding.UTF8.GetString(files.TryReadAll(path) ?? throw new FileNotFoundException($"Could not find '{path}'.", path));
        return CaseId.Hash(text) == hash
            ? new SharedDefinition(hash, text)
            : throw new TestBatchException(
                "PlanChanged", ErrorKind.InvalidData, $"'{path}' was changed after the batch began; its cases cannot run. Put the original back, or start a new batch.", path);
    }
}
