using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using PSRunner.Hosting;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Tasks;

namespace PSRunner.Completion;

/// <summary>Completes the words of <c>New-WorkflowTest</c> by the parameter that asks.</summary>
public sealed class WorkflowWordCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        WordCompletion.Complete(wordToComplete, WordsOf(parameterName));

    private static IEnumerable<string> WordsOf(string parameter) => parameter switch
    {
        "Model" => Executors.Models.Names,
        "PromptType" => [.. PromptTypes.All.Select(p => p.Name), PromptTypes.FlawedPrefix + "*"],
        "Difficulty" => Difficulties.All,
        "TaskType" => TaskTypes.All,
        "FlawSeverity" => Severities.All,
        _ => [],
    };
}
