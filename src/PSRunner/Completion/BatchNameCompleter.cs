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
        WordCompletion.Complete(wordToComplete, Batches.Names(Path.GetFullPath(BatchSelectionCommand.DefaultOutputPath, CurrentFolder()), Most));

    // Completion has no command at hand, and its runspace, busy completing, answers no proxy: only a nested pipeline.
    private static string CurrentFolder()
    {
        using var nested = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return nested.AddScript("$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath").Invoke<string>().Single();
    }
}
