using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Reads the durable results of running, cut-off and finished batches. Without arguments: of the newest batch.</summary>
[Cmdlet(VerbsCommon.Get, "TestResult", DefaultParameterSetName = ByName)]
[OutputType(typeof(TestResult))]
public sealed class GetTestResultCommand : BatchSelectionCommand, IDisposable
{
    private readonly ManualResetEvent _canceled = new(initialState: false);
    private OutcomeFilter? _filter;

    /// <summary>Outcomes, or causes with wildcards.</summary>
    [Parameter(HelpMessage = "Outcomes (Failed), or causes with wildcards (no-reply).")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(OutcomeCompleter))]
    public string[]? Outcome { get; set; }

    /// <summary>Ids of cases; the first digits suffice.</summary>
    [Parameter(HelpMessage = "Ids of cases; the first digits suffice.")]
    [ValidateNotNullOrEmpty]
    public string[]? Id { get; set; }

    /// <summary>Also the results that a case run again has replaced.</summary>
    [Parameter(HelpMessage = "Also the results that a case run again has replaced (Resume-TestBatch -RetryOutcome); not together with -Wait.")]
    public SwitchParameter AllAttempts { get; set; }

    /// <summary>Goes on with the results that come, until the batch has ended.</summary>
    [Parameter(HelpMessage = "Go on with the results that come, until the batch has ended.")]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _canceled.Dispose();

    /// <inheritdoc/>
    protected override void StopProcessing() => _canceled.Set();

    private protected override void Begin()
    {
        if (AllAttempts && Wait)
        {
            throw Errors.AllAttemptsAndWait();
        }

        _filter = Outcome is null ? null : new OutcomeFilter(Outcome, nameof(Outcome));
    }

    private protected override void Process()
    {
        var folders = IsUnspecified ? Batches.FindAll(DefaultRoot).Take(1) : TakeRunFolders(NewestRun);
        var results = folders.SelectMany(folder => Wait ? StoredResults.Follow(folder, WriteWarning, _canceled) : StoredResults.Read(folder, WriteWarning, AllAttempts));
        foreach (var result in results)
        {
            if (Stopping)
            {
                return;
            }

            if ((_filter is null || _filter.Matches(result)) && (Id is null || Id.Any(id => result.Id.StartsWith(id, StringComparison.OrdinalIgnoreCase))))
            {
                WriteObject(result);
            }
        }
    }
}
