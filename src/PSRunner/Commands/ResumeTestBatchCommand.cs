using System.Collections;
using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Goes on with a batch that was stopped or lost its process: what has a result does not run again.</summary>
[Cmdlet(VerbsLifecycle.Resume, "TestBatch", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low, DefaultParameterSetName = ByName)]
[OutputType(typeof(TestResult), typeof(TestBatchJob), typeof(TestBatch))]
public sealed class ResumeTestBatchCommand : BatchSelectionCommand, IDisposable
{
    private readonly SessionSlot _slot = new();
    private ResumeOptions _changes = new();
    private ChangedPlan? _plan;
    private bool _isPlanSought;

    /// <summary>The changed plan.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The changed plan: what is new runs, what is missing is skipped.")]
    [ValidateNotNull]
    public TestCase[]? InputObject { get; set; }

    /// <summary>Outcomes, or causes with wildcards, whose cases run again in this batch.</summary>
    [Parameter(HelpMessage = "Outcomes (TimedOut), or causes with wildcards (throttled), whose cases run again.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(OutcomeCompleter))]
    public string[]? RetryOutcome { get; set; }

    /// <summary>Cases running at once.</summary>
    [Parameter(HelpMessage = "Cases running at once; as before when not given.")]
    [Alias("MaxWorkers")]
    [ValidateRange(1, 10_000)]
    public int ThrottleLimit { get; set; }

    /// <summary>Cases of a resource running at once.</summary>
    [Parameter(HelpMessage = "Cases of a named resource running at once: @{ gpu = 2 }; as before when not given.")]
    [ValidateNotNull]
    public IDictionary? ResourceLimit { get; set; }

    /// <summary>Seconds per test.</summary>
    [Parameter(HelpMessage = "Seconds per test; as before when not given.")]
    [Alias("TimeoutSeconds", "TestTimeout")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double TestTimeoutSeconds { get; set; }

    /// <summary>Seconds without progress.</summary>
    [Parameter(HelpMessage = "Seconds without progress; as before when not given.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double StallTimeoutSeconds { get; set; }

    /// <summary>Seconds per model request.</summary>
    [Parameter(HelpMessage = "Seconds per model request; as before when not given.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double RequestTimeoutSeconds { get; set; }

    /// <summary>Seconds for this session.</summary>
    [Parameter(HelpMessage = "Seconds for this session; as before when not given.")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double BatchTimeoutSeconds { get; set; }

    /// <summary>Retries after provider, harness and crash causes.</summary>
    [Parameter(HelpMessage = "Retries after faults of the provider, the harness and crashes; as before when not given.")]
    [ValidateRange(0, 100)]
    public int RetryCount { get; set; }

    /// <summary>Results that are neither passed nor skipped after which the session stops.</summary>
    [Parameter(HelpMessage = "Stop after this many results that are neither passed nor skipped.")]
    [ValidateRange(1, int.MaxValue)]
    public int MaxFailures { get; set; }

    /// <summary>What a result that was seen survives.</summary>
    [Parameter(HelpMessage = "What a result that you have seen survives, for this session; as before when not given.")]
    [ValidateSet(nameof(PSRunner.Durability.PowerLoss), nameof(PSRunner.Durability.ProcessCrash))]
    public string? Durability { get; set; }

    /// <summary>Runs it in the background of this shell.</summary>
    [Parameter(HelpMessage = "Run in the background and write a job. It ends with this shell.")]
    public SwitchParameter AsJob { get; set; }

    /// <summary>Runs it in a process of its own.</summary>
    [Parameter(HelpMessage = "Run in a process of its own, which outlives this shell and is started again when it dies; write the batch.")]
    public SwitchParameter Detached { get; set; }

    /// <summary>Requests to models per second.</summary>
    [Parameter(HelpMessage = "Requests to models per second; as before when not given.")]
    [Alias("Qps")]
    [ValidateRange(0.001, 100_000)]
    public double RequestsPerSecond { get; set; }

    /// <summary>Requests after which the batch ends.</summary>
    [Parameter(HelpMessage = "End the batch after this many requests, all sessions counted; as before when not given.")]
    [ValidateRange(1, long.MaxValue)]
    public long MaxRequests { get; set; }

    /// <summary>Tokens after which the batch ends.</summary>
    [Parameter(HelpMessage = "End the batch after this many tokens, all sessions counted; as before when not given.")]
    [ValidateRange(1, long.MaxValue)]
    public long MaxTokens { get; set; }

    /// <summary>Money after which the batch ends.</summary>
    [Parameter(HelpMessage = "End the batch when its tokens have cost this much, all sessions counted; as before when not given.")]
    [ValidateRange(0.000001, 1e12)]
    public double MaxCost { get; set; }

    /// <summary>A variable that gets the batch as it ended.</summary>
    [Parameter(HelpMessage = "A variable that gets the batch as it ended: Success, State, counts, RunFolder.")]
    [ValidateNotNullOrEmpty]
    public string? BatchVariable { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slot.Dispose();
        _plan?.Dispose();
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _slot.Stop();

    private protected override void Begin()
    {
        BackgroundRun.Check(AsJob, Detached);

        // A wrong word is wrong whatever the batch: said before one is looked for.
        _ = new OutcomeFilter(RetryOutcome ?? [], nameof(RetryOutcome));
        _changes = new ResumeOptions
        {
            RetryOutcome = RetryOutcome ?? [],
            ThrottleLimit = Given(nameof(ThrottleLimit), ThrottleLimit),
            ResourceLimit = ResourceLimits.From(ResourceLimit),
            TestTimeoutSeconds = Given(nameof(TestTimeoutSeconds), TestTimeoutSeconds),
            StallTimeoutSeconds = Given(nameof(StallTimeoutSeconds), StallTimeoutSeconds),
            RequestTimeoutSeconds = Given(nameof(RequestTimeoutSeconds), RequestTimeoutSeconds),
            BatchTimeoutSeconds = Given(nameof(BatchTimeoutSeconds), BatchTimeoutSeconds),
            RetryCount = Given(nameof(RetryCount), RetryCount),
            MaxFailures = Given(nameof(MaxFailures), MaxFailures),
            Durability = Durability is null ? null : Enum.Parse<Durability>(Durability, ignoreCase: true),
            RequestsPerSecond = Given(nameof(RequestsPerSecond), RequestsPerSecond),
            MaxRequests = Given(nameof(MaxRequests), MaxRequests),
            MaxTokens = Given(nameof(MaxTokens), MaxTokens),
            MaxCost = Given(nameof(MaxCost), MaxCost),
        };
    }

    private protected override void Process()
    {
        RequireBatch();
        if (InputObject is not null)
        {
            AddToPlan(InputObject);
            return; // The plan is whole when the input ends.
        }

        foreach (var folder in TakeRunFolders(NewestUnfinished).TakeWhile(_ => !Stopping))
        {
            Resume(Batches.Read(folder));
        }
    }

    private protected override void End()
    {
        if (_plan is null)
        {
            return;
        }

        // Asked before the change and before the run: the change is what -WhatIf is about.
        if (ShouldProcess(Batches.Read(_plan.RunFolder).Id, $"Resume batch with a changed plan: {_plan.Freeze()}"))
        {
            Say($"Plan changed: {_plan.Apply(_changes.RetryOutcome)}.");
            _changes = _changes with { RetryOutcome = [] }; // Done, and without the cases that the plan no longer has.
            Run(Batches.Read(_plan.RunFolder));
        }
    }

    // One changed plan is for one batch, which is looked for once: there may be a million cases.
    private void AddToPlan(TestCase[] cases)
    {
        if (!_isPlanSought || ParameterSetName == ByLiteralPath)
        {
            _isPlanSought = true;
            var found = TakeRunFolders(NewestRun).ToList();
            string[] meant = [.. _plan is null ? [] : (string[])[_plan.RunFolder], .. found];
            _plan = meant.Length > 1 ? throw Errors.Ambiguous("is meant by", meant) : _plan ?? found.Select(folder => new ChangedPlan(folder)).FirstOrDefault();
        }

        foreach (var testCase in cases)
        {
            _plan?.Add(testCase);
        }
    }

    private void Resume(TestBatch batch)
    {
        if (batch.State == BatchStates.Completed && RetryOutcome is null)
        {
            Say($"'{batch.Name}' is complete: {DisplayText.Count(batch.Done)} of {DisplayText.Count(batch.Planned)}. Read it with Get-TestResult {batch.Id}."
                + (Batches.HasJournal(batch.RunFolder) ? $" Some results are in the journal only; Repair-TestBatch '{batch.Id}' makes them Parquet." : ""));
        }
        else if (ShouldProcess(batch.Id, "Resume batch"))
        {
            // With changes a suspended batch is like a running one: only its own process could take them over.
            if (batch.State == BatchStates.Suspended && !_changes.ChangesAnything)
            {
                ResumeWhereItLives(batch);
            }
            else
            {
                Run(batch);
            }
        }
    }

    private void Run(TestBatch batch)
    {
        if (AsJob || Detached)
        {
            ResumeInBackground(batch);
        }
        else
        {
            ResumeHere(batch);
        }
    }

    private void ResumeHere(TestBatch batch)
    {
        var toRun = 0;
        new ForegroundRun(this, _slot, BatchVariable).Run(
            () => BatchRun.Resume(CommandRuntime, batch.RunFolder, _changes, _slot.Stopped, out toRun),
            resumed => BatchRunReport.Continue(resumed, toRun));
    }

    private void ResumeInBackground(TestBatch batch)
    {
        if (Batches.IsAlive(batch))
        {
            throw Errors.Running(batch);
        }

        WriteObject(AsJob
            ? BackgroundRun.AsJob(this, UnattendedRun.Resume(batch.RunFolder, _changes, canceled: _slot.Stopped))
            : BackgroundRun.Detached(batch.RunFolder, _changes, _slot.Stopped.WaitHandle));
        SetBatchVariable(batch);
    }

    private void ResumeWhereItLives(TestBatch batch)
    {
        Batches.Resume(batch.RunFolder, _slot.Stopped.WaitHandle);
        Say($"'{batch.Name}' goes on in process {batch.ProcessId}. Its results: Get-TestResult {batch.Name} -Wait");
        SetBatchVariable(batch);
    }

    private void SetBatchVariable(TestBatch batch)
    {
        if (BatchVariable is not null)
        {
            SessionState.PSVariable.Set(BatchVariable, Batches.Read(batch.RunFolder));
        }
    }

    // With -RetryOutcome the newest is meant, complete or not: its results are what is to run again.
    private IEnumerable<string> NewestUnfinished(IReadOnlyList<string> runs) =>
        RetryOutcome is null ? runs.Where(r => Batches.Read(r).State != BatchStates.Completed).Concat(runs).Take(1) : NewestRun(runs);
}
