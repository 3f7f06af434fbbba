using System.Collections;
using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Runs test cases as a new batch. Each result is written when it is on disk, not before.</summary>
[Cmdlet(VerbsLifecycle.Start, "TestBatch", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low, DefaultParameterSetName = FromTestCases)]
[OutputType(typeof(TestResult), typeof(TestBatchJob), typeof(TestBatch))]
public sealed partial class StartTestBatchCommand : TestBatchCommand, IDisposable
{
    private const string FromTestCases = "TestCase";

    private readonly SessionSlot _slot = new();
    private NewBatch? _batch;

    /// <summary>A label of 1 to 80 characters.</summary>
    [Parameter(Position = 0, ParameterSetName = FromTestCases, HelpMessage = "A label; the batch's id begins with it.")]
    [Parameter(Position = 1, ParameterSetName = FromBlock, HelpMessage = "A label; the batch's id begins with it.")]
    [Parameter(Position = 0, ParameterSetName = FromFile, HelpMessage = "A label; the batch's id begins with it.")]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "batch";

    /// <summary>Test cases, or results whose cases run again in a new batch; for a script any objects, one case each.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = FromTestCases, HelpMessage = "Test cases, or results whose cases run again.")]
    [Parameter(ValueFromPipeline = true, ParameterSetName = FromBlock, HelpMessage = "Any objects: one case each, $_ in the script.")]
    [Parameter(ValueFromPipeline = true, ParameterSetName = FromFile, HelpMessage = "Any objects: one case each, $_ in the script.")]
    public PSObject? InputObject { get; set; }

    /// <summary>The folder that holds the run folders.</summary>
    [Parameter(HelpMessage = "The folder that holds the run folders; ./test-batches when not given.")]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = DefaultOutputPath;

    /// <summary>Cases running at once.</summary>
    [Parameter(HelpMessage = "Cases running at once; 20 when all wait for a model, else the number of processors.")]
    [Alias("MaxWorkers")]
    [ValidateRange(1, 10_000)]
    public int ThrottleLimit { get; set; }

    /// <summary>Cases of a resource running at once.</summary>
    [Parameter(HelpMessage = "Cases of a named resource running at once: @{ gpu = 2 }; 1 for a resource that is not named here.")]
    [ValidateNotNull]
    public IDictionary? ResourceLimit { get; set; }

    /// <summary>MiB that the processes of one test may hold together.</summary>
    [Parameter(HelpMessage = "MiB that the processes of one test may hold together; one that holds more is ended: Crashed, memory-limit. Linux.")]
    [ValidateRange(16, int.MaxValue)]
    public int MemoryLimitMB { get; set; }

    /// <summary>Seconds per test.</summary>
    [Parameter(HelpMessage = "Seconds per test; 900 for workflow tests, else 600.")]
    [Alias("TimeoutSeconds", "TestTimeout")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double TestTimeoutSeconds { get; set; }

    /// <summary>Seconds without progress.</summary>
    [Parameter(HelpMessage = "Seconds without progress; min(300, test) when not given.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double StallTimeoutSeconds { get; set; }

    /// <summary>Seconds per model request.</summary>
    [Parameter(HelpMessage = "Seconds per model request; min(120, 0.8 x stall) when not given.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double RequestTimeoutSeconds { get; set; }

    /// <summary>Seconds per session.</summary>
    [Parameter(HelpMessage = "Seconds for the whole session; what the plan can take, at most 24 h, when not given.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double BatchTimeoutSeconds { get; set; }

    /// <summary>Seconds between asking an attempt to end and ending it by force.</summary>
    [Parameter(HelpMessage = "Seconds between asking an attempt to end and ending it by force.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double GracePeriodSeconds { get; set; } = 5;

    /// <summary>Retries after provider, harness and crash causes.</summary>
    [Parameter(HelpMessage = "Retries after faults of the provider, the harness and crashes; a failed test is never tried again.")]
    [ValidateRange(0, 100)]
    public int RetryCount { get; set; } = 2;

    /// <summary>A score without an outcome passes from here on.</summary>
    [Parameter(HelpMessage = "A score without an outcome passes from here on.")]
    [ValidateRange(0.0, 1.0)]
    public double PassScore { get; set; } = 0.5;

    /// <summary>Results between two writes of the open Parquet part.</summary>
    [Parameter(HelpMessage = "Results between two writes of the open Parquet part. Not needed for safety: every result is on disk before you see it.")]
    [ValidateRange(1, int.MaxValue)]
    public int CheckpointInterval { get; set; }

    /// <summary>Seconds between two writes of the open Parquet part.</summary>
    [Parameter(HelpMessage = "Seconds between two writes of the open Parquet part. Not needed for safety.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double CheckpointIntervalSeconds { get; set; }

    /// <summary>Results that are neither passed nor skipped after which the batch stops.</summary>
    [Parameter(HelpMessage = "Stop after this many results that are neither passed nor skipped.")]
    [ValidateRange(1, int.MaxValue)]
    public int MaxFailures { get; set; }

    /// <summary>Requests to models per second.</summary>
    [Parameter(HelpMessage = "Requests to models per second, over all endpoints of the batch.")]
    [Alias("Qps")]
    [ValidateRange(0.001, 100_000)]
    public double RequestsPerSecond { get; set; }

    /// <summary>Keeps to the rates that were set.</summary>
    [Parameter(HelpMessage = "Keep to the rates that were set, and do not find out what the provider allows.")]
    public SwitchParameter FixedRate { get; set; }

    /// <summary>Requests after which the batch ends.</summary>
    [Parameter(HelpMessage = "End the batch after this many requests to models, over all its sessions; it can be resumed.")]
    [ValidateRange(1, long.MaxValue)]
    public long MaxRequests { get; set; }

    /// <summary>Tokens after which the batch ends.</summary>
    [Parameter(HelpMessage = "End the batch after this many tokens, over all its sessions; it can be resumed.")]
    [ValidateRange(1, long.MaxValue)]
    public long MaxTokens { get; set; }

    /// <summary>Money after which the batch ends.</summary>
    [Parameter(HelpMessage = "End the batch when its tokens have cost this much, by the prices of its endpoints, over all its sessions; it can be resumed.")]
    [ValidateRange(0.000001, 1e12)]
    public double MaxCost { get; set; }

    /// <summary>Whose transcripts and outputs are kept as files.</summary>
    [Parameter(HelpMessage = "Whose transcripts and outputs are kept as files.")]
    [ValidateSet(nameof(ArtifactRule.All), nameof(ArtifactRule.Failed), nameof(ArtifactRule.None))]
    public string KeepArtifact { get; set; } = nameof(ArtifactRule.All);

    /// <summary>What a result that was seen survives.</summary>
    [Parameter(HelpMessage = "What a result that you have seen survives: a power cut (forced to the device), or the end of the process only, which is faster.")]
    [ValidateSet(nameof(PSRunner.Durability.PowerLoss), nameof(PSRunner.Durability.ProcessCrash))]
    public string Durability { get; set; } = nameof(PSRunner.Durability.PowerLoss);

    /// <summary>A variable that gets the batch as it ended.</summary>
    [Parameter(HelpMessage = "A variable that gets the batch as it ended: Success, State, counts, RunFolder.")]
    [ValidateNotNullOrEmpty]
    public string? BatchVariable { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slot.Dispose();
        _batch?.Dispose();
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _slot.Stop();

    private protected override void Begin()
    {
        BackgroundRun.Check(AsJob, Detached);
        ReadScript();
        _batch = new NewBatch(Options(), isDryRun: IsWhatIf(), Detached, _slot.Stopped);
    }

    private protected override void Process()
    {
        if (_script is not null)
        {
            AddScriptCases();
            return;
        }

        foreach (var input in Unrolled(InputObject))
        {
            switch (input)
            {
                case TestCase testCase:
                    _batch!.Add(testCase);
                    break;
                case TestResult result:
                    _batch!.AddAgain(result);
                    break;
                default:
                    throw Errors.NotATestCase(input);
            }
        }
    }

    private protected override void End()
    {
        AddScriptWithoutInput();
        if (_batch!.Count == 0)
        {
            WriteWarning("Nothing to run: no test case came through the pipeline.");
            return;
        }

        var limits = _batch.Limits;
        var atOnce = $"{limits.Throttle} at once" + ResourceLimits.Describe(limits.Lanes, limits.Throttle);
        var what = $"Start batch '{Name}' of {DisplayText.Cases(_batch.Count)}, {atOnce}, "
            + $"test limit {DisplayText.Duration(limits.Test.TotalSeconds)}, batch limit {DisplayText.Duration(limits.Batch.TotalSeconds)}";
        if (!ShouldProcess(ToShortPath(_batch.RunFolder), what))
        {
            return;
        }

        if (AsJob || Detached)
        {
            StartInBackground();
        }
        else
        {
            new ForegroundRun(this, _slot, BatchVariable).Run(
                () => _batch.Start(CommandRuntime),
                batch => BatchRunReport.Start(batch, atOnce, limits.Batch));
        }
    }

    private BatchOptions Options() => new()
    {
        Name = Name,
        OutputPath = ToFilePath(OutputPath),
        ThrottleLimit = Given(nameof(ThrottleLimit), ThrottleLimit),
        ResourceLimit = ResourceLimits.From(ResourceLimit),
        MemoryLimitMB = Given(nameof(MemoryLimitMB), MemoryLimitMB),
        TestTimeoutSeconds = Given(nameof(TestTimeoutSeconds), TestTimeoutSeconds),
        StallTimeoutSeconds = Given(nameof(StallTimeoutSeconds), StallTimeoutSeconds),
        RequestTimeoutSeconds = Given(nameof(RequestTimeoutSeconds), RequestTimeoutSeconds),
        BatchTimeoutSeconds = Given(nameof(BatchTimeoutSeconds), BatchTimeoutSeconds),
        GracePeriodSeconds = GracePeriodSeconds,
        RetryCount = RetryCount,
        PassScore = PassScore,
        CheckpointInterval = Given(nameof(CheckpointInterval), CheckpointInterval),
        CheckpointIntervalSeconds = Given(nameof(CheckpointIntervalSeconds), CheckpointIntervalSeconds),
        MaxFailures = Given(nameof(MaxFailures), MaxFailures),
        Durability = Enum.Parse<Durability>(Durability, ignoreCase: true),
        RequestsPerSecond = Given(nameof(RequestsPerSecond), RequestsPerSecond),
        FixedRate = FixedRate,
        MaxRequests = Given(nameof(MaxRequests), MaxRequests),
        MaxTokens = Given(nameof(MaxTokens), MaxTokens),
        MaxCost = Given(nameof(MaxCost), MaxCost),
        KeepArtifact = Enum.Parse<ArtifactRule>(KeepArtifact, ignoreCase: true),
        Isolation = Enum.Parse<TestIsolation>(Isolation, ignoreCase: true),
        InitializationScript = InitializationScript?.ToString(),
        Module = [.. Module.Select(ToModule)],
        Metric = Metric,
    };

    // With -WhatIf nothing may be written, not even the plan.
    private bool IsWhatIf() =>
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out var asked)
            ? asked is SwitchParameter { IsPresent: true }
            : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));

    private static IEnumerable<object> Unrolled(PSObject? input)
    {
        if (input is null)
        {
            return [];
        }

        // -InputObject $cases brings the whole array as one object.
        var many = LanguagePrimitives.GetEnumerable(input);
        return many is null ? [input.BaseObject] : many.Cast<object?>().OfType<object>().Select(o => o is PSObject p ? p.BaseObject : o);
    }
}
