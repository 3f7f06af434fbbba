using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Script blocks and files as tests, at the prompt.</summary>
[Collection(OneAtATime.Name)]
public sealed class ScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-script-").FullName;
    private readonly HostedPowerShell _shell;

    public ScriptTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Each_input_object_is_a_case_and_its_output_is_shown()
    {
        var rows = Run("1..20 | Start-TestBatch { $_ } -ThrottleLimit 2", "'{0}|{1}|{2}|{3}' -f $_.Name, $_.Output.Trim(), $_.Item, $_.Outcome");

        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"{i}|{i}|{i}|Passed").Order(StringComparer.Ordinal), rows);
    }

    [Theory]
    [InlineData("{ $_ }", "batch")]
    [InlineData("named { $_ }", "named")]
    [InlineData("{ $_ } named", "named")]
    [InlineData("-Name named { $_ }", "named")]
    [InlineData("-FilePath ./it.ps1 named", "named")]
    public void Name_and_script_come_in_any_order(string arguments, string name)
    {
        File.WriteAllText(Path.Combine(_folder, "it.ps1"), "$_");

        var rows = Run($"7 | Start-TestBatch {arguments} -Isolation Runspace", "\"$($_.Output.Trim()) $([System.IO.Path]::GetFileName($_.RunFolder))\"");

        Assert.StartsWith($"7 {name}-", Assert.Single(rows), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Runspace")]
    public void Rows_bind_by_name_and_other_objects_to_the_first_parameter(string isolation)
    {
        const string Text = "$_.Output.Trim().ReplaceLineEndings('/')";
        Assert.Equal(
            ["2+2=4 a"],
            Run($"[pscustomobject]@{{ id = 1; prompt = '2+2'; expected = '4'; tags = 'a','b' }} | Start-TestBatch {{ param($expected, [Alias('prompt')] $question) \"$question=$expected $($_.tags[0])\" }} -Isolation {isolation}", Text));
        Assert.Equal(["3"], Run($"[pscustomobject]@{{ settings = [pscustomobject]@{{ n = 3 }} }} | Start-TestBatch {{ param($settings) $settings.n }} -Isolation {isolation}", Text));
        Assert.Equal(["x y"], Run($"@{{ b = 'y'; a = 'x' }} | Start-TestBatch {{ param($a, $b) \"$a $b\" }} -Isolation {isolation}", Text));
        Assert.Equal(["5 5"], Run($"5 | Start-TestBatch {{ param($n) \"$n $_\" }} -Isolation {isolation}", Text));
        Assert.Equal(["1 2/2"], Run($", (1, 2) | Start-TestBatch {{ \"$_\"; $_.Count }} -Isolation {isolation}", Text));
        Assert.Equal(["begin/7/end"], Run($"7 | Start-TestBatch {{ begin {{ 'begin' }} process {{ \"$_\" }} end {{ 'end' }} }} -Isolation {isolation}", Text));
        Assert.Equal(["8 8"], Run($"8 | Start-TestBatch {{ param([Parameter(ValueFromPipeline)] $n) process {{ \"$n $_\" }} }} -Isolation {isolation}", Text));
        Assert.Equal(["alone"], Run($"Start-TestBatch {{ param($n) 'alone' + $n }} -Isolation {isolation}", Text));
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Runspace")]
    public void What_a_script_does_to_its_shell_is_not_there_for_the_next(string isolation)
    {
        // Each first one of two changes something; the second tells what it finds.
        var rows = Run(
            $$"""
            1..10 | Start-TestBatch {
                $provider = $ExecutionContext.InvokeProvider
                switch ($_) {
                    1 { function global:Get-Member { 'mock' } }
                    3 { $null = $provider.Item.Set('alias:Get-Member', 'Get-Location') }
                    5 { $provider.Item.Remove('function:TabExpansion2', $false) }
                    7 { $null = $provider.Item.Set('function:Pause', { 'mock' }) }
                    9 {
                        # Acts while its shell is restored: PowerShell then throws, or waits for itself for ever.
                        $timer = [System.Timers.Timer]::new(1)
                        $null = $ExecutionContext.Events.SubscribeEvent($timer, 'Elapsed', 'tick', $null, { [System.Threading.Thread]::Sleep(20) }, $false, $false)
                        $timer.Start()
                        [System.Threading.Thread]::Sleep(50)
                    }
                    default { "$(Get-Command Get-Member -CommandType Function, Alias -ErrorAction Ignore)$((Get-Command Pause).Definition -eq "'mock'") $(Get-Command TabExpansion2) $($ExecutionContext.Events.Subscribers.Count)" }
                }
            } -Isolation {{isolation}} -ThrottleLimit 1 -TestTimeoutSeconds 60
            """,
            "$_.Name + '|' + $_.Outcome + '|' + $_.Output.Trim()");

        Assert.Equal(Enumerable.Range(1, 10).Select(n => $"{n}|Passed|{(n % 2 == 0 ? "False TabExpansion2 0" : "")}").Order(StringComparer.Ordinal), rows);
    }

    [Fact]
    public void The_batch_limit_that_nobody_gave_leaves_workers_time_to_start() =>
        Assert.Contains(
            "of 2 cases, 2 at once, test limit 5.0s, batch limit 1m 05s",
            _shell.Show("1..2 | Start-TestBatch { 1 } -ThrottleLimit 2 -TestTimeoutSeconds 5 -GracePeriodSeconds 0.2 -RetryCount 0 -WhatIf"), StringComparison.Ordinal);

    [Fact]
    public void A_script_that_calls_no_command_changes_no_default_of_the_next_one()
    {
        Assert.Equal(
            ["1", "1", "1"],
            Run("1..3 | Start-TestBatch { $PSDefaultParameterValues[\"Get-Item:$_\"] = 1; $PSDefaultParameterValues.Count.ToString() } -ThrottleLimit 1", "$_.Output.Trim()"));
    }

    [Fact]
    public void Values_of_the_shell_travel_by_using()
    {
        Assert.Equal(
            ["1|Passed|3 deep x", "2|Passed|3 deep x", "3|Failed|3 deep x"],
            Run(
                """
                $limit = 3; $settings = @{ name = 'x'; list = @('a', @{ inner = 'deep' }) }
                1..3 | Start-TestBatch { "$using:limit $(($using:settings).list[1].inner) $($using:settings.name)"; $_ -lt $using:limit }
                """,
                "'{0}|{1}|{2}' -f $_.Name, $_.Outcome, $_.Output.Split(\"`n\")[0]"));
    }

    [Fact]
    public void All_streams_are_kept_in_the_order_in_which_they_were_written() =>
        Assert.Equal(
            ["one/WARNING: two/three/VERBOSE: four/DEBUG: five/ERROR: *six*/seven"],
            Run(
                """
                $write = {
                    [CmdletBinding()] param()
                    'one'; $PSCmdlet.WriteWarning('two'); $PSCmdlet.WriteInformation('three', @()); $VerbosePreference = 'Continue'; $PSCmdlet.WriteVerbose('four')
                    $DebugPreference = 'Continue'; $PSCmdlet.WriteDebug('five')
                    $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new([Exception]::new('*six*'), 'x', 'NotSpecified', $null)); 'seven'
                }
                Start-TestBatch $write
                """,
                "$_.Output.Trim().ReplaceLineEndings('/') -replace '/At line.*?/seven', '/seven' -replace '/\\+.*?/seven', '/seven'"));

    [Theory]
    [InlineData("Process")]
    [InlineData("Runspace")]
    public void What_a_script_leaves_behind_is_not_there_for_the_next(string isolation)
    {
        var rows = Run(
            $$"""
            1..6 | Start-TestBatch -ThrottleLimit 1 -Isolation {{isolation}} {
                "$global:left $script:left $(if ('{{isolation}}' -eq 'Process') { $env:PSRUNNER_TEST_LEFT }) $prepared $([System.IO.Directory]::GetFiles("$pwd").Count)"
                $global:left = 'g'; $script:left = 's'; $env:PSRUNNER_TEST_LEFT = 'e'; $global:prepared = 'changed'
                [System.IO.File]::WriteAllText("$pwd/left.txt", 'x'); [void] $ExecutionContext.SessionState.Path.SetLocation('/')
            } -InitializationScript { $global:prepared = 'ready' }
            """,
            "$_.Output.Trim()");
        Environment.SetEnvironmentVariable("PSRUNNER_TEST_LEFT", null);

        Assert.All(rows, row => Assert.Equal(["ready", "0"], row.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(6, rows.Count);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Runspace")]
    public void A_script_that_removes_every_function_takes_nothing_from_the_next(string isolation) =>
        Assert.Equal(
            ["1 Passed", "2 Passed", "3 Passed"],
            Run(
                $"1..3 | Start-TestBatch {{ $_; $ExecutionContext.InvokeProvider.Item.Remove('function:*', $true) }} -ThrottleLimit 1 -Isolation {isolation}",
                "\"$($_.Output.Trim()) $($_.Outcome)\""));

    [Fact]
    public void Functions_and_modules_prepare_each_worker()
    {
        File.WriteAllText(Path.Combine(_folder, "answers.psm1"), "function Get-Answer { 42 }");

        Assert.Equal(
            ["42 ready"],
            Run("Start-TestBatch { \"$(Get-Answer) $(Get-Ready)\" } -Module ./answers.psm1 -InitializationScript { function Get-Ready { 'ready' } }", "$_.Output.Trim()"));
    }

    [Fact]
    public void A_file_runs_with_its_folder_and_its_arguments()
    {
        File.WriteAllText(Path.Combine(_folder, "data.txt"), "beside");
        File.WriteAllText(Path.Combine(_folder, "test.ps1"), "param($name)\n\"$name $([System.IO.File]::ReadAllText(\"$PSScriptRoot/data.txt\"))\"");

        Assert.Equal(["a beside", "b beside"], Run("@{ name = 'a' }, @{ name = 'b' } | Start-TestBatch -FilePath test.ps1 -Name files", "$_.Output.Trim()"));
    }

    [Fact]
    public void A_matrix_makes_cases_with_parameters_to_group_by() =>
        Assert.Equal(
            ["a 1|a|1|a1", "a 2|a|2|a2", "b 1|b|1|b1", "b 2|b|2|b2"],
            Run(
                "New-ScriptTest { param($model, $n) \"$model$n\" } -Matrix ([ordered]@{ model = 'a','b'; n = 1,2 }) | Start-TestBatch matrix",
                "'{0}|{1}|{2}|{3}' -f $_.Name, $_.model, $_.n, $_.Output.Trim()"));

    [Fact]
    public void Declared_metrics_are_properties_and_others_stay_together() =>
        Assert.Equal(
            ["12|{\"Other\":1}"],
            Run("Start-TestBatch { @{ Metrics = @{ Tokens = 12; Other = 1 } } } -Metric Tokens", "'{0}|{1}' -f $_.Tokens, $_.OtherMetrics"));

    [Fact]
    public void The_end_of_long_output_is_the_result_and_the_rest_an_artifact()
    {
        var length = Run("Start-TestBatch { 'begin'; 1..20 | ForEach-Object { 'x' * 10000 }; 'end' }",
            "'{0}|{1}|{2}' -f $_.Output.Length, $_.Output.EndsWith(\"end`n\"), [System.IO.File]::ReadAllText(\"$($_.RunFolder)/$($_.ArtifactPath)/output.txt\").StartsWith('begin')");

        Assert.Equal([$"{64 * 1024}|True|True"], length);
    }

    [Theory]
    [InlineData("1, { 2 } | Start-TestBatch { $_ }", "InputNotSendable", "Input 2")]
    [InlineData("@{ a = @{ b = [securestring]::new() } } | Start-TestBatch { $_ }", "InputNotSendable", ".a.b is a secret")]
    [InlineData("[System.IO.Stream]::Null | Start-TestBatch { $_ }", "InputNotSendable", "Input 1")]
    [InlineData("$f = [string]::new('x', 40MB); 1 | Start-TestBatch { ($using:f).Length }", "TestCaseTooLarge", "it may take 32")]
    [InlineData("$f = { 1 }; 1 | Start-TestBatch { & $using:f }", "InputNotSendable", "$using:f is a script block")]
    [InlineData("1 | Start-TestBatch -FilePath no-such.ps1", "ScriptNotFound", "no-such.ps1")]
    [InlineData("1 | Start-TestBatch -FilePath broken.ps1", "ScriptDoesNotParse", "line 2")]
    [InlineData("New-ScriptTest", "ScriptMissing", "Which script")]
    [InlineData("1 | Start-TestBatch { 1 } -Module ./no-such.psm1", "ScriptSetupFailed", "no-such.psm1")]
    [InlineData("1 | Start-TestBatch { 1 } -InitializationScript { throw 'no way' }", "ScriptSetupFailed", "-InitializationScript failed: no way")]
    [InlineData("1 | Start-TestBatch { 1 } -InitializationScript { throw 'no way' } -Isolation Runspace", "ScriptSetupFailed", "-InitializationScript failed: no way")]
    [InlineData("1 | Start-TestBatch { 1 } -InitializationScript { [Environment]::Exit(7) }", "ScriptSetupFailed", "ended before it was ready")]
    [InlineData("1 | Start-TestBatch { 1 } -InitializationScript { throw 'no way' } -AsJob", "ScriptSetupFailed", "no way")]
    [InlineData("New-ScriptTest { 1 } -Name '{nope}'", "PlaceholderUnknown", "nope")]
    public void What_cannot_run_is_refused_before_anything_starts(string script, string errorId, string named)
    {
        File.WriteAllText(Path.Combine(_folder, "broken.ps1"), "1\nif (");

        var error = _shell.InvokeExpectingError(script);

        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Contains(named, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["broken.ps1"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public void What_this_shell_has_and_the_worker_has_not_is_said_before_the_start()
    {
        var screen = _shell.Show("$limit = 3; $row = @{ a = 1 }; function Invoke-Judge { 1 }; 1 | Start-TestBatch { $own = $using:row.a; $own = $using:row['a']; Invoke-Judge; \"limit is <$limit> $own $_ $PSScriptRoot\" } -WhatIf");

        Assert.Contains("WARNING: $limit is set in this shell but not in the test", screen, StringComparison.Ordinal);
        Assert.Contains("WARNING: Invoke-Judge is a function of this shell", screen, StringComparison.Ordinal);
        Assert.Equal(2, screen.Split("WARNING").Length - 1);
    }

    private List<string> Run(string script, string each) =>
        [.. _shell.Invoke($"& {{ {script} }} 6> $null | ForEach-Object {{ {each} }}").Select(r => (string)r.BaseObject).Order(StringComparer.Ordinal)];
}
