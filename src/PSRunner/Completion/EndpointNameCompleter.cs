using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using PSRunner.Hosting;

namespace PSRunner.Completion;

/// <summary>Completes names of registered endpoints.</summary>
public sealed class EndpointNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        WordCompletion.Complete(wordToComplete, Endpoints.Registered().Select(e => e.Name));
}
