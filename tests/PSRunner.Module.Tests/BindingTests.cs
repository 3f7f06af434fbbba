using System.Management.Automation;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>What the user asks wrongly is refused before anything starts, with an id that scripts can rely on.</summary>
[Collection(OneAtATime.Name)]
public sealed class BindingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-binding-").FullName;
    private readonly HostedPowerShell _shell;

    public BindingTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("New-WorkflowTest", "ModelMissing", ErrorCategory.InvalidArgument)]
    [InlineData("New-WorkflowTest sim-strnog", "ModelUnknown", ErrorCategory.InvalidArgument)]
    [InlineData("New-WorkflowTest sim-strong all", "PromptTypeAll", ErrorCategory.InvalidArgument)]
    [InlineData("New-WorkflowTest sim-strong -TaskType nothing", "TaskTypeUnknown", ErrorCategory.InvalidArgument)]
    [InlineData("1..3 | Start-TestBatch", "InputIsNotATestCase", ErrorCategory.InvalidArgument)]
    [InlineData("Start-TestBatch 'a/b'", "BadBatchName", ErrorCategory.InvalidArgument)]
    [InlineData("Start-TestBatch -TimeoutSeconds 30 -StallTimeoutSeconds 60", "LimitsDoNotFit", ErrorCategory.InvalidArgument)]
    [InlineData("Start-TestBatch -TimeoutSeconds ([timespan]'0:0:30') -StallTimeoutSeconds 60", "LimitsDoNotFit", ErrorCategory.InvalidArgument)]
    [InlineData("Stop-TestBatch", "NoBatchGiven", ErrorCategory.InvalidArgument)]
    [InlineData("Resume-TestBatch", "NoBatchGiven", ErrorCategory.InvalidArgument)]
    [InlineData("Suspend-TestBatch", "NoBatchGiven", ErrorCategory.InvalidArgument)]
    [InlineData("Wait-TestBatch", "NoBatchGiven", ErrorCategory.InvalidArgument)]
    [InlineData("Remove-TestBatch", "NoBatchGiven", ErrorCategory.InvalidArgument)]
    [InlineData("Set-TestBatch nope-such", "NothingToChange", ErrorCategory.InvalidArgument)]
    [InlineData("Set-TestBatch nope-such -ThrottleLimit 5", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-TestBatch nope-such", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Resume-TestBatch nope-such", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Resume-TestBatch x -RetryOutcome 3", "BadOutcomeWord", ErrorCategory.InvalidArgument)]
    [InlineData("Get-TestResult nope-such", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-TestResult -Path no/such", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-TestResult -LiteralPath no/such", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-TestResult ./no-such", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Resume-TestBatch -Path .", "BatchNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-TestResult -Outcome 3", "BadOutcomeWord", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x.txt", "UnknownFormat", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults", "NoPathGiven", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x.xml", "ResultsOnly", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x.ctrf.json", "ResultsOnly", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x.json -Append", "FormatCannotAppend", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x.md -Append", "FormatCannotAppend", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x.csv -PartitionBy value", "PartitionNeedsParquet", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x -PartitionBy value", "NoColumnLeft", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults x -PartitionBy nope", "NoSuchColumn", ErrorCategory.InvalidArgument)]
    [InlineData("1 | Save-TestResults .", "FileNotWritable", ErrorCategory.WriteError)]
    [InlineData("1 | Save-TestResults no/such/folder/x.csv", "FileNotWritable", ErrorCategory.WriteError)]
    [InlineData("1 | Save-TestResults . -Format csv", "FileNotWritable", ErrorCategory.WriteError)]
    [InlineData("1 | Save-TestResults env:x.csv", "NotAFileSystemPath", ErrorCategory.InvalidArgument)]
    public void A_wrong_request_is_a_terminating_error_with_its_id(string script, string errorId, ErrorCategory category)
    {
        var error = _shell.InvokeExpectingError(script);

        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.Empty(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("Start-TestBatch -TestTimeoutSeconds 0")]
    [InlineData("Start-TestBatch -TestTimeoutSeconds -1")]
    [InlineData("Start-TestBatch -TestTimeoutSeconds ([double]::NaN)")]
    [InlineData("Start-TestBatch -ThrottleLimit 0")]
    [InlineData("Set-TestBatch x -ThrottleLimit 0")]
    [InlineData("Get-TestBatch -State Sleeping")]
    [InlineData("Wait-TestBatch x -TimeoutSec 0")]
    [InlineData("Start-TestBatch -PassScore 1.5")]
    [InlineData("Start-TestBatch -KeepArtifact 1")]
    [InlineData("Start-TestBatch -Durability Never")]
    [InlineData("New-WorkflowTest sim-strong -ToolSuccessRate 1.1")]
    public void A_value_out_of_range_is_refused_by_its_parameter(string script) =>
        Assert.StartsWith("ParameterArgumentValidationError", _shell.InvokeExpectingError(script).FullyQualifiedErrorId, StringComparison.Ordinal);

    [Theory]
    [InlineData("New-WorkflowTest sim-strong -TaskType basic_task")]
    [InlineData("New-PromptTest sim-strong hello -ExpectText hi")]
    [InlineData("New-CommandTest sh")]
    [InlineData("New-ScriptTest { 1 }")]
    public void All_makers_of_cases_take_the_same_limits(string maker) =>
        Assert.Equal(
            "60 3 gpu 2",
            _shell.Invoke($"$c = @({maker} -TimeoutSeconds ([timespan]'0:1:0') -RetryCount 3 -Resource gpu -Repeat 2); '{{0}} {{1}} {{2}} {{3}}' -f $c[0].TestTimeoutSeconds, $c[0].RetryCount, $c[0].Lane, $c[0].Repeat").Single().BaseObject);

    [Fact]
    public void A_name_that_no_batch_has_is_left_to_ErrorAction_as_with_the_other_getters() =>
        Assert.Equal("goes on", _shell.Invoke("Get-TestResult nope-such, nope-too -ErrorAction Ignore; 'goes on'").Single().BaseObject);

    [Fact]
    public void A_wildcard_that_matches_nothing_is_no_error() =>
        Assert.Empty(_shell.Invoke("Get-TestResult nothing-of-this-name*; Stop-TestBatch nothing-of-this-name*"));
}
