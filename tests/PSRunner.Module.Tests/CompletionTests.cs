using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Completion as TabExpansion2 does it: within a pipeline of the runspace that completes.</summary>
[Collection(OneAtATime.Name)]
public sealed class CompletionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-completion-").FullName;
    private readonly HostedPowerShell _shell;

    public CompletionTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("New-WorkflowTest sim-s", "sim-strong")]
    [InlineData("New-WorkflowTest sim-strong flawed_t", "flawed_tool_misuse")]
    [InlineData("New-WorkflowTest sim-strong -PromptType cot,opt", "optimal")]
    [InlineData("New-WorkflowTest -FlawSeverity m", "medium")]
    [InlineData("New-WorkflowTest -TaskType data", "data_pipeline")]
    [InlineData("Get-TestResult -Outcome time", "TimedOut")]
    [InlineData("Resume-TestBatch -RetryOutcome throt", "throttled")]
    [InlineData("Measure-TestResult Model,Prom", "PromptType")]
    public void Words_are_completed(string line, string expected) => Assert.Equal([expected], Complete(line));

    [Theory]
    [InlineData("Get-TestResult comp")]
    [InlineData("Stop-TestBatch -Name comp")]
    public void Batches_are_completed_by_the_names_that_lie_below_the_current_folder(string line)
    {
        _shell.Invoke("$null = New-WorkflowTest sim-weak -TaskType simple_task | Start-TestBatch completed-one 6>$null");

        Assert.Equal(["completed-one"], Complete(line));
    }

    private IEnumerable<string> Complete(string line) =>
        _shell.Invoke("(TabExpansion2 $args[0] $args[0].Length).CompletionMatches.ForEach('CompletionText')", line).Select(m => m.ToString());
}
