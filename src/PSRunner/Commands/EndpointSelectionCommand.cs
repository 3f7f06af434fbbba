using System.Management.Automation;
using PSRunner.Completion;

namespace PSRunner.Commands;

/// <summary>What acts on endpoints that are registered: by name, wildcards, or what Get-TestEndpoint writes.</summary>
public abstract class EndpointSelectionCommand : TestBatchCommand
{
    /// <summary>Names; wildcards.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Names of endpoints; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EndpointNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The endpoints that the names mean, each once.</summary>
    /// <param name="all">Those that can be meant.</param>
    /// <exception cref="TestBatchException">A name without wildcards means none.</exception>
    private protected IEnumerable<TestEndpoint> Selected(IReadOnlyList<TestEndpoint> all) =>
        Name.SelectMany(name =>
        {
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
            var matches = all.Where(e => pattern.IsMatch(e.Name)).ToList();
            return matches.Count > 0 || WildcardPattern.ContainsWildcardCharacters(name) ? matches : throw Errors.EndpointUnknown(name);
        }).DistinctBy(e => e.Name);
}
