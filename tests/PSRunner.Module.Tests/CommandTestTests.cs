using System.Text.RegularExpressions;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Programs as tests, at the prompt.</summary>
[Collection(OneAtATime.Name)]
public sealed partial class CommandTestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-command-").FullName;
    private readonly HostedPowerShell _shell;

    public CommandTestTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_native_command_runs_over_a_matrix()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        File.WriteAllText(
            Path.Combine(_folder, "judge.sh"),
            """
            echo "judging $1"
            test "$1$2" = b1 && { echo 'cannot judge' >&2; exit 1; }
            test "$2" = 0 && score=0.9 || score=0.6
            echo "{\"Score\": $score, \"Metrics\": {\"Tokens\": 12}}"
            """);

        var screen = _shell.Show(
            "New-CommandTest sh judge.sh,'{model}','{temperature}' -Matrix ([ordered]@{ model='a','b'; temperature=0,1 }) | Start-TestBatch judge -ThrottleLimit 1 -TestTimeoutSeconds 60");

        Assert.Matches(
            """
            ^judge-ID: 4 cases, 1 at once, at most .*
            If cut off: Resume-TestBatch judge-ID

            Outcome  Score/Cause        Time Name
            -------  -----------        ---- ----
            Passed   0\.90 TIME sh judge\.sh a 0 > judging a
            Passed   0\.60 TIME sh judge\.sh a 1 > judging a
            Passed   0\.90 TIME sh judge\.sh b 0 > judging b
            Failed   exit-code TIME sh judge\.sh b 1 > exit 1: cannot judge

            judge: 4 of 4 in .*: 3 passed, 1 failed
            Results: test-batches/judge-ID$
            """,
            Duration().Replace(Id().Replace(screen, "-ID"), " TIME sh"));
        Assert.Equal(
            ["a|0|0", "a|1|0", "b|0|0", "b|1|1"],
            _shell.Invoke("Get-TestResult judge | ForEach-Object { '{0}|{1}|{2}' -f $_.model, $_.temperature, $_.ExitCode }").Select(o => (string)o.BaseObject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Values_of_PowerShell_reach_the_case_as_scalars()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        var cases = _shell.Invoke(
            """
            New-CommandTest sh '-c',('exit','{n}'),3,0.5 -Matrix @{ n = 1..3 } -Parameter @{ why = 'x'; on = $true } -Name 'case {n}' -TestTimeoutSeconds 7 -Tag smoke -Repeat 2 -Resource gpu |
                ForEach-Object { '{0}|{1}|{2}|{3}|{4}|{5}' -f $_.Name, $_.TestTimeoutSeconds, $_.Repeat, $_.Lane, $_.GetParameter('n').GetType().Name, $_.GetParameter('on') }
            """);

        Assert.Equal(["case 1|7|2|gpu|Int64|True", "case 2|7|2|gpu|Int64|True", "case 3|7|2|gpu|Int64|True"], cases.Select(c => (string)c.BaseObject));
    }

    [Fact]
    public void A_resource_runs_one_case_at_a_time_or_as_many_as_it_may()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");

        // Each case fails when it meets more of its kind than may be there.
        var screen = _shell.Show(
            """
            $sh = 'mkdir "$0/$1" || exit 1; sleep 0.2; rmdir "$0/$1"'
            $one = New-CommandTest sh -ArgumentList '-c',$sh,'.','gpu' -WorkingDirectory . -Resource gpu -Repeat 4
            $rest = New-CommandTest sh -ArgumentList '-c','exit 0' -Resource db -Repeat 4
            $one, $rest | Start-TestBatch lanes -ThrottleLimit 4 -ResourceLimit @{ db = 3 } | Out-Null
            """);

        Assert.StartsWith("lanes-", screen, StringComparison.Ordinal);
        Assert.Contains(": 8 cases, 4 at once (db 3, gpu 1), at most", screen, StringComparison.Ordinal);
        Assert.Contains(": 8 passed", screen, StringComparison.Ordinal);
        Assert.Equal("ResourceUnknown", _shell.InvokeExpectingError("New-CommandTest sh | Start-TestBatch x -ResourceLimit @{ gpu = 1 }").FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal("BadResourceLimit", _shell.InvokeExpectingError("New-CommandTest sh | Start-TestBatch x -ResourceLimit @{ gpu = 'many' }").FullyQualifiedErrorId.Split(',')[0]);
    }

    [Theory]
    [InlineData("New-CommandTest", "CommandMissing")]
    [InlineData("New-CommandTest sh run.py, --model, {model}", "UnquotedPlaceholder")]
    [InlineData("New-CommandTest sh '{model}'", "PlaceholderUnknown")]
    [InlineData("New-CommandTest no-such-program-here", "ProgramNotFound")]
    [InlineData("New-CommandTest sh -Matrix @{ a = 1, @{} }", "MatrixValueNotScalar")]
    [InlineData("New-CommandTest sh -Matrix @{ a = [pscustomobject]@{ b = 1 } }", "MatrixValueNotScalar")]
    [InlineData("New-CommandTest sh -Environment @{ KEY = [securestring]::new() }", "SecretInEnvironment")]
    [InlineData("New-CommandTest sh -Environment @{ KEY = '$env:NO_SUCH_VARIABLE_HERE' }", "VariableMissing")]
    public void What_cannot_run_is_refused_before_anything_starts(string script, string errorId)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        Assert.Equal(errorId, _shell.InvokeExpectingError(script).FullyQualifiedErrorId.Split(',')[0]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    /// <summary>A service manager, or the system as it shuts down, sends SIGTERM to all processes at about the same moment.</summary>
    [Theory]
    [InlineData("exec sleep 60")]
    [InlineData("trap 'kill $!; exit 143' TERM; sleep 60 & wait")]
    public void What_a_shutdown_reaches_first_gets_no_verdict(string waiting)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        using var shell = ShellProcess.Start(
            _folder, $"New-CommandTest sh '-c', 'touch ../../../../$$.pid; {waiting.Replace("'", "''", StringComparison.Ordinal)}' -Repeat 6 | Start-TestBatch down -ThrottleLimit 6 -RetryCount 0");
        Assert.True(SpinWait.SpinUntil(() => Directory.GetFiles(_folder, "*.pid", SearchOption.AllDirectories).Length == 6, TimeSpan.FromSeconds(60)), string.Join('\n', shell.Errors));

        var tests = Directory.GetFiles(_folder, "*.pid", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension);
        using var kill = System.Diagnostics.Process.Start("sh", ["-c", $"kill {string.Join(' ', tests)}; sleep 0.05; kill {shell.Id}"]);
        Assert.True(kill.WaitForExit(TimeSpan.FromSeconds(10)));
        shell.WaitForEnd();

        Assert.Equal("Stopped 6 0", _shell.Invoke("Get-TestBatch down | ForEach-Object { \"$($_.State) $($_.Planned) $($_.Done)\" }").Single().ToString());
    }

    [GeneratedRegex(@"-\d{8}-\d{6}-[0-9a-f]{4}")]
    private static partial Regex Id();

    [GeneratedRegex(@" +[\d.]+m?s sh")]
    private static partial Regex Duration();
}
