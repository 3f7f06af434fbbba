using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSRunner.Completion;

/// <summary>Completes what results are mostly grouped by. Any property may be given; these are the ones of workflow tests.</summary>
public sealed class GroupCompleter : IArgumentCompleter
{
    private static readonly string[] Words =
        ["Model", "PromptType", "TaskType", "Difficulty", "FlawSeverity", "ToolSuccessRate", "Outcome", "Cause", "FaultDomain", "Kind", "Name", "Batch"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        WordCompletion.Complete(wordToComplete, Words);
}
