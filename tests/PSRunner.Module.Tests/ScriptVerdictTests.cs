using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>What a script's end means, in worker processes and in runspaces alike.</summary>
[Collection(OneAtATime.Name)]
public sealed class ScriptVerdictTests : IDisposable
{
    // Block, then outcome|cause|score|message as the user reads them.
    private static readonly (string Block, string Expected)[] Table =
    [
        ("{ }", "Passed||NaN|"),
        ("{ 'text' }", "Passed||NaN|"),
        ("{ 0 }", "Passed||NaN|"),
        ("{ 1..3 }", "Passed||NaN|"),
        ("{ $null }", "Passed||NaN|"),
        ("{ $true }", "Passed||NaN|"),
        ("{ $false }", "Failed|assertion|NaN|"),
        ("{ $false; 'last' }", "Passed||NaN|"),
        ("{ 'first'; 1 -eq 2 }", "Failed|assertion|NaN|"),
        ("{ @{ Outcome = 'failed'; Message = 'why' } }", "Failed|assertion|NaN|why"),
        ("{ [pscustomobject]@{ Outcome = 'Skipped' } }", "Skipped|not-applicable|NaN|"),
        ("{ @{ Outcome = 'Errored' } }", "Errored|exception|NaN|"),
        ("{ @{ Score = 0.8 } }", "Passed||0.8|"),
        ("{ @{ Score = 0.2 } }", "Failed|wrong-answer|0.2|"),
        ("{ @{ Score = 0.2; Outcome = 'Passed' } }", "Passed||0.2|"),
        ("{ @{ Score = 7 } }", "Passed||NaN|the verdict was ignored in part: Score is a number from 0 to 1"),
        ("{ @{ Outcome = 'TimedOut' } }", "Passed||NaN|the verdict was ignored in part: Outcome is Passed, Failed, Errored or Skipped"),
        ("{ @{ Metrics = @{ Tokens = 12 } } }", "Passed||NaN|"),
        ("{ throw 'no' }", "Errored|exception|NaN|no"),
        ("{ $true; throw 'no' }", "Errored|exception|NaN|no"),
        ("{ No-SuchCommandHere }", "Errored|error-stream|NaN|*not recognized*"),
        ("{ $ErrorActionPreference = 'Stop'; No-SuchCommandHere }", "Errored|exception|NaN|*not recognized*"),
        ("{ $PSCmdlet; $ExecutionContext.InvokeCommand.InvokeScript('Get-Command no-such-command-here') }", "Errored|error-stream|NaN|*no-such*"),
        ("{ Get-Command no-such-command-here; $true }", "Passed||NaN|"),
        ("{ Get-Command no-such-1; Get-Command no-such-2; 'text' }", "Errored|error-stream|NaN|*(and 1 more errors)"),
        ("{ throw [System.Management.Automation.ErrorRecord]::new([Exception]::new('Expected 1, got 2'), 'PesterAssertionFailed', 'InvalidResult', $null) }", "Failed|assertion|NaN|Expected 1, got 2"),
        ("{ exit 3 }", "Failed|exit-code|NaN|exit 3"),
        ("{ $true; exit 0 }", "Passed||NaN|"),
        ("{ [Environment]::GetFolderPath('x') }", "Errored|error-stream|NaN|*"),
        ("{ function f { [CmdletBinding()] param([Parameter(Mandatory)] $x) }; f }", "Errored|error-stream|NaN|*"),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-verdict-").FullName;
    private readonly HostedPowerShell _shell;

    public ScriptVerdictTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Runspace")]
    public void The_last_object_is_the_verdict(string isolation)
    {
        var cases = string.Join('\n', Table.Select((row, i) => $"New-ScriptTest {row.Block} -Name '{i:000}'"));
        var results = _shell.Invoke($$"""
            @({{cases}}) | Start-TestBatch verdicts -Isolation {{isolation}} -RetryCount 0 -TestTimeoutSeconds 60 6> $null |
                ForEach-Object { '{0} {1}|{2}|{3}|{4}' -f $_.Name, $_.Outcome, $_.Cause, $_.Score, $_.Message }
            """).Select(r => (string)r.BaseObject).Order(StringComparer.Ordinal).ToList();

        Assert.Equal(Table.Length, results.Count);
        Assert.All(Table.Zip(results), row =>
            Assert.True(IsLike(row.Second[4..], row.First.Expected), $"{row.First.Block}\nexpected: {row.First.Expected}\nactual:   {row.Second[4..]}"));
    }

    private static bool IsLike(string text, string pattern) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, text.ReplaceLineEndings(" "), ignoreCase: false);
}
