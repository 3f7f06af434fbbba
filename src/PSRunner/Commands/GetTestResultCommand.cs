using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Reads the durable results of running, cut-off and finished batches. Without arguments: of the newest batch.</summary>
[Cmdlet(VerbsCommon.Get, "TestResult", DefaultParameterSetName = ByName)]
[OutputType(typeof(TestResult))]
public sealed class GetTestResultCommand : BatchSelectionCommand
{
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

    private protected override void Begin() => _filter = Outcome is null ? null : OutcomeFilter.Parse(Outcome, nameof(Outcome));

    private protected override void Process()
    {
        var folders = IsUnspecified ? Batches.FindAll(DefaultRoot).Take(1) : TakeRunFolders(Newest);
        foreach (var result in folders.SelectMany(folder => StoredResults.Read(folder, WriteWarning)))
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
