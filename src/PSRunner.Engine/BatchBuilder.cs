using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Scheduling;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine;

/// <summary>
/// Plans a new batch. Cases stream into plan.jsonl; the plan freezes and the batch exists when it starts. A builder that is
/// disposed without having started leaves nothing behind.
/// </summary>
public sealed class BatchBuilder : IDisposable
{
    private readonly BatchOptions _options;
    private readonly IReadOnlyList<ITestExecutor> _executors;
    private readonly TimeProvider _time;
    private readonly RunFolder _folder;
    private readonly IStoreFiles _files;
    private readonly IAppendFile? _file;
    private readonly PlanWriter _plan;
    private bool _madeOutputPath;
    private bool _started;

    /// <param name="options">What is asked.</param>
    /// <param name="executors">One for each kind of case that may come.</param>
    /// <param name="dryRun">True: nothing is written, only counted.</param>
    /// <param name="time">The batch's clock; null: the system's.</param>
    /// <exception cref="TestBatchException">The name, a limit or the output path is no good.</exception>
    public BatchBuilder(BatchOptions options, IReadOnlyList<ITestExecutor> executors, bool dryRun = false, TimeProvider? time = null)
        : this(options, executors, DiskFiles.Instance, dryRun, time)
    {
    }

    /// <inheritdoc cref="BatchBuilder(BatchOptions, IReadOnlyList{ITestExecutor}, bool, TimeProvider?)"/>
    internal BatchBuilder(BatchOptions options, IReadOnlyList<ITestExecutor> executors, IStoreFiles disk, bool dryRun = false, TimeProvider? time = null)
    {
        BatchName.Check(options.Name);
        LimitLadder.Resolve(options, new PlanFacts(0, AllJudgeModels: false, DefaultTestSeconds: 600));
        _options = options;
        _executors = executors;
        _time = time ?? TimeProvider.System;
        _files = disk;
        _folder = NewFolder(options, _time);
        _file = dryRun ? null : CreatePlanFile();
        _plan = new PlanWriter(_file is null ? static _ => { } : _file.Write, executors);
    }

    /// <summary>The batch's id, which names its run folder.</summary>
    public string BatchId => _folder.Id;

    /// <summary>The run folder, a full path.</summary>
    public string RunFolder => _folder.FullPath;

    /// <summary>Cases so far, repeats included.</summary>
    public int Count => _plan.Count;

    /// <summary>Adds a case to the plan.</summary>
    /// <exception cref="TestBatchException">No executor knows its kind, it is too large, or the plan cannot be written.</exception>
    public void Add(TestCase testCase)
    {
        try
        {
            _plan.Add(testCase);
        }
        catch (IOException e)
        {
            throw NotWritable(e);
        }
    }

    /// <summary>The limits that the batch would run under, given the cases so far.</summary>
    /// <exception cref="TestBatchException">Two given limits contradict each other.</exception>
    public BatchLimits ResolveLimits() => LimitLadder.Resolve(_options, FactsOf(_plan));

    /// <summary>Freezes the plan and starts the batch.</summary>
    /// <exception cref="TestBatchException">There are no cases, or the run folder cannot be written.</exception>
    public BatchSession Start()
    {
        Prepare();
        return BatchSession.Open(_folder, _executors, new ResumeOptions(), _time, disk: _files);
    }

    /// <summary>Freezes the plan and leaves the batch, which now exists, for another process to start.</summary>
    /// <inheritdoc cref="Start"/>
    public void Prepare()
    {
        ObjectDisposedException.ThrowIf(_started || _file is null, this);
        if (_plan.Count == 0)
        {
            throw new TestBatchException("NoTestCases", ErrorKind.InvalidArgument, "There is nothing to run: no test case came through the pipeline.");
        }

        ResolveLimits();
        foreach (var steward in StewardsOf(_plan.UsedExecutors))
        {
            steward.Check(_plan.Needs, _options);
        }

        foreach (var executor in _plan.UsedExecutors.OfType<ISessionExecutor>())
        {
            executor.TryOut();
        }

        try
        {
            Freeze(_file);
        }
        catch (IOException e)
        {
            throw NotWritable(e);
        }

        _started = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plan.Dispose();
        _file?.Dispose();
        if (!_started && _file is not null)
        {
            RemoveFolder();
        }
    }

    // Many processes may start batches of one name within a second.
    private static RunFolder NewFolder(BatchOptions options, TimeProvider time)
    {
        const int MostTries = 100;
        for (var tries = 1; ; tries++)
        {
            var folder = new RunFolder(Path.Combine(options.OutputPath, BatchName.NewId(options.Name, time.GetLocalNow())));
            if (tries == MostTries || !Directory.Exists(folder.FullPath))
            {
                return folder;
            }
        }
    }

    private void RemoveFolder()
    {
        try
        {
            if (Directory.Exists(RunFolder))
            {
                Directory.Delete(RunFolder, recursive: true);
            }

            if (_madeOutputPath && Directory.Exists(_options.OutputPath) && !Directory.EnumerateFileSystemEntries(_options.OutputPath).Any())
            {
                Directory.Delete(_options.OutputPath);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that refuses: what it refused first is what the user must hear, and what is left is no batch.
        }
    }

    // The order is the rule: plan and shared texts on the device, then batch.json. Without batch.json there is no batch.
    private void Freeze(IAppendFile file)
    {
        var schema = _plan.Finish();
        file.Flush();
        file.Dispose();
        foreach (var shared in _plan.Shared)
        {
            _files.Replace(_folder.ResourceFile(shared.Hash), System.Text.Encoding.UTF8.GetBytes(shared.Text));
        }

        _files.FlushFolder(_folder.FullPath);
        var manifest = new BatchManifest
        {
            Version = typeof(BatchBuilder).Assembly.GetName().Version!.ToString(3),
            Id = BatchId,
            StartedAt = _time.GetUtcNow().UtcDateTime,
            PlanHash = _plan.Hash,
            Planned = _plan.Count,
            Options = _options,
            Parameters = schema.Parameters,
            Metrics = schema.Metrics,
            Needs = [.. _plan.Needs],
            Executors = _plan.UsedExecutors.ToDictionary(e => e.Kind, e => e.Fingerprint, StringComparer.Ordinal),
        };
        _files.Replace(_folder.BatchFile, manifest.ToBytes());
    }

    internal static IEnumerable<ILaneSteward> StewardsOf(IEnumerable<ITestExecutor> executors) =>
        executors.Select(executor => executor.Steward).OfType<ILaneSteward>().Distinct();

    internal static PlanFacts FactsOf(PlanWriter plan) => PlanFacts.Of(
        plan.Count, [.. plan.UsedExecutors], double.IsNaN(plan.LongestTestTimeoutSeconds) ? 0 : plan.LongestTestTimeoutSeconds, plan.HighestRetryCount, plan.Lanes);

    private IAppendFile CreatePlanFile()
    {
        try
        {
            _madeOutputPath = !Directory.Exists(_options.OutputPath);
            _folder.Create(_files);
            return _files.Create(_folder.PlanFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!File.Exists(_folder.PlanFile))
            {
                RemoveFolder(); // With a plan it is another's, who came first.
            }

            throw NotWritable(e);
        }
    }

    private TestBatchException NotWritable(Exception e) => new(
        "OutputPathNotWritable", ErrorKind.WriteError,
        $"The output folder '{_options.OutputPath}' cannot be written: {e.Message.TrimEnd('.')}. Give another with -OutputPath.", _options.OutputPath, e);
}
