using System.Collections;
using System.Management.Automation;

namespace PSRunner.Commands;

/// <summary>What the commands share that make a test case for each combination of a matrix.</summary>
public abstract class NewMatrixTestCommand : NewTestCommand
{
    /// <summary>Lists of values to cross.</summary>
    [Parameter(HelpMessage = "Names and lists of values: one case for each combination. [ordered]@{} keeps the order.")]
    [ValidateNotNull]
    public IDictionary? Matrix { get; set; }

    /// <summary>Parameters that are the same for all cases.</summary>
    [Parameter(HelpMessage = "Names and values that are the same for all cases.")]
    [ValidateNotNull]
    public IDictionary? Parameter { get; set; }

    /// <summary>Free words to select results by.</summary>
    [Parameter(HelpMessage = "Free words to select results by.")]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];
}
