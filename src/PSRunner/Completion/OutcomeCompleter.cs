using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSRunner.Completion;

/// <summary>Completes outcomes and causes.</summary>
public sealed class OutcomeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        WordCompletion.Complete(wordToComplete, Outcomes.All.Concat(Causes.Table.Select(c => c.Name).Where(n => n.Length > 0)));
}
