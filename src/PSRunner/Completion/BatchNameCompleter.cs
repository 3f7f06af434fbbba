using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using PSRunner.Hosting;

namespace PSRunner.Completion;

/// <summary>Completes names of batches, newest first.</summary>
public sealed class BatchNameCompleter : IArgumentCompleter
{
    private const int Most = 50;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        WordCompletion.Complete(wordToComplete, Batches.Names(Most), inOrder: true);
}
