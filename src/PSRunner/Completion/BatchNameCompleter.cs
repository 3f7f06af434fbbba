using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using PSRunner.Commands;
using PSRunner.Hosting;

namespace PSRunner.Completion;

/// <summary>Completes names of batches, newest first.</summary>
public sealed class BatchNameCompleter : IArgumentCompleter
{
    private const int Most = 50;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        WordCompletion.Complete(wordToComplete, Batches.Names(Path.GetFullPath(BatchSelectionCommand.DefaultOutputPath, CurrentFolder()), Most), inOrder: true);

    // Completion has no command at hand; the runspace that completes knows its folder.
    private static string CurrentFolder() =>
        System.Management.Automation.Runspaces.Runspace.DefaultRunspace?.SessionStateProxy.Path.CurrentFileSystemLocation.ProviderPath
            ?? Directory.GetCurrentDirectory();
}
