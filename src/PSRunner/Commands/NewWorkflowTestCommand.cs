using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Hosting;
using PSRunner.Workflows.Cases;

namespace PSRunner.Commands;

/// <summary>Makes the cross product of models, prompt types, tasks and rates as test cases. Nothing is started.</summary>
[Cmdlet(VerbsCommon.New, "WorkflowTest")]
[OutputType(typeof(TestCase))]
public sealed class NewWorkflowTestCommand : NewTestCommand
{
    /// <summary>Models; wildcards.</summary>
    [Parameter(Position = 0, HelpMessage = "Models to test; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkflowWordCompleter))]
    public string[] Model { get; set; } = [];

    /// <summary>Prompt types; wildcards.</summary>
    [Parameter(Position = 1, HelpMessage = "baseline, cot, optimal, flawed_*; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkflowWordCompleter))]
    public string[] PromptType { get; set; } = ["baseline"];

    /// <summary>How vaguely the task is worded; wildcards.</summary>
    [Parameter(HelpMessage = "very_easy to very_hard: how vaguely the task is worded; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkflowWordCompleter))]
    public string[] Difficulty { get; set; } = ["easy"];

    /// <summary>Task types; wildcards.</summary>
    [Parameter(HelpMessage = "Task types; wildcards, all of them when not given.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkflowWordCompleter))]
    public string[] TaskType { get; set; } = ["*"];

    /// <summary>Tasks of each type.</summary>
    [Parameter(HelpMessage = "Tasks of each type and difficulty.")]
    [Alias("NumInstances")]
    [ValidateRange(1, 100_000)]
    public int Instances { get; set; } = 1;

    /// <summary>Success rates of the simulated tools.</summary>
    [Parameter(HelpMessage = "Success rates of the simulated tools, 0 to 1; the chance of a run stays between 0.1 and 0.95.")]
    [ValidateNotNullOrEmpty]
    [ValidateRange(0.0, 1.0)]
    public double[] ToolSuccessRate { get; set; } = [0.8];

    /// <summary>How much a flawed plan is damaged; wildcards.</summary>
    [Parameter(HelpMessage = "light, medium, severe: how much a flawed plan is damaged; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkflowWordCompleter))]
    public string[] FlawSeverity { get; set; } = ["severe"];

    /// <summary>Decides which tasks are drawn.</summary>
    [Parameter(HelpMessage = "Decides which tasks are drawn: the same seed, the same tasks.")]
    public int Seed { get; set; } = 1;

    /// <summary>A file of tasks.</summary>
    [Parameter(HelpMessage = "A file of tasks; generated ones when not given.")]
    [ValidateNotNullOrEmpty]
    public string? TaskLibrary { get; set; }

    /// <summary>A file of tools.</summary>
    [Parameter(HelpMessage = "A file of tools; the built-in ones when not given.")]
    [ValidateNotNullOrEmpty]
    public string? ToolRegistry { get; set; }

    /// <summary>Replies that a model may use for one task.</summary>
    [Parameter(HelpMessage = "Replies that a model may use for one task.")]
    [ValidateRange(1, 100)]
    public int MaxTurns { get; set; } = 10;

    /// <summary>Offers the tools by native function calling instead of tags.</summary>
    [Parameter(HelpMessage = "Offer the tools by native function calling instead of tags.")]
    public SwitchParameter NativeFunctionCalling { get; set; }

    /// <summary>Free words to select results by.</summary>
    [Parameter(HelpMessage = "Free words to select results by.")]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];

    private protected override void End()
    {
        var options = new WorkflowCaseOptions
        {
            Model = Model,
            PromptType = PromptType,
            Difficulty = Difficulty,
            TaskType = TaskType,
            Instances = Instances,
            ToolSuccessRate = ToolSuccessRate,
            FlawSeverity = FlawSeverity,
            Seed = Seed,
            TaskLibrary = TaskLibrary is null ? null : ToFilePath(TaskLibrary),
            ToolRegistry = ToolRegistry is null ? null : ToFilePath(ToolRegistry),
            MaxTurns = MaxTurns,
            Native = NativeFunctionCalling,
            TestTimeoutSeconds = OwnTimeoutSeconds,
            Tag = Tag,
            Repeat = Repeat,
            RetryCount = OwnRetryCount,
            Resource = Resource,
        };
        foreach (var testCase in WorkflowCases.Create(options, Executors.Models))
        {
            WriteObject(testCase);
        }
    }
}
