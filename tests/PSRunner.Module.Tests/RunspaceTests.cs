using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Scripts in this process are only as safe as they are polite; what they are not is told, capped and not blamed on others.</summary>
[Collection(OneAtATime.Name)]
public sealed class RunspaceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-runspace-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Scripts_that_ignore_their_end_stop_the_batch_at_the_cap_and_it_says_what_to_do()
    {
        using var shell = new HostedPowerShell(_folder);
        var rows = shell.Invoke(
            """
            1..12 | Start-TestBatch { [System.Threading.Thread]::Sleep(15000) } -Isolation Runspace -ThrottleLimit 4 -TestTimeoutSeconds 1 -GracePeriodSeconds 1 -BatchVariable found 6> $null 3> $null |
                ForEach-Object { "$($_.Outcome)|$($_.Cause)|$($_.Message)" }
            "$($found.State)|$($found.Message)"
            """).Select(r => (string)r.BaseObject).ToList();

        Assert.All(rows[..^1], row => Assert.StartsWith("TimedOut|test-timeout|no end within 1 s; last activity: started; it ignored its cancellation and was abandoned", row, StringComparison.Ordinal));
        Assert.Equal(4, rows.Count - 1);
        Assert.StartsWith("Stopped|4 abandoned tests ignore their cancellation", rows[^1], StringComparison.Ordinal);
        Assert.Contains("-Isolation Process", rows[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Runspace")]
    public void A_script_that_is_asked_to_end_cleans_up_with_commands_that_are_still_to_be_loaded(string isolation)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "modules", "Cleaner"));
        File.WriteAllText(Path.Combine(_folder, "modules", "Cleaner", "Cleaner.psm1"), "function Clear-Trace($Path) { [System.IO.File]::WriteAllText($Path, 'cleaned') }");
        using var shell = new HostedPowerShell(_folder);
        var rows = shell.Invoke(
            $$"""
            Start-TestBatch { try { while ($true) { } } finally { Clear-Trace '{{_folder}}/trace' } } -Isolation {{isolation}} -TestTimeoutSeconds 2 -GracePeriodSeconds 30 `
                -InitializationScript { $env:PSModulePath = '{{_folder}}/modules' } 6> $null | ForEach-Object { "$($_.Outcome)|$($_.Output.Trim())" }
            """).Select(r => (string)r.BaseObject);

        Assert.Equal(["TimedOut|"], rows);
        Assert.Equal("cleaned", File.ReadAllText(Path.Combine(_folder, "trace")));
    }

    [Theory]
    [InlineData("-TestTimeoutSeconds 1 -GracePeriodSeconds 1")]
    [InlineData("-TestTimeoutSeconds 1000 -GracePeriodSeconds 1 -AsJob")]
    [InlineData("-InitializationScript { [System.Threading.Thread]::Sleep(-1) } -ErrorAction SilentlyContinue")]
    public void A_shell_ends_although_a_script_in_it_never_does(string options)
    {
        using var shell = ShellProcess.Start(
            _folder,
            $"$null = 1..2 | Start-TestBatch {{ 'in'; [System.Threading.Thread]::Sleep(-1) }} -Isolation Runspace -ThrottleLimit 2 {options}; [System.Threading.Thread]::Sleep(2000); 'at its end'");

        // A minute is what preparing may take.
        Assert.True(shell.WaitForExit(TimeSpan.FromSeconds(120)), string.Join('\n', shell.Output));
        shell.WaitForEnd();
        Assert.Equal("at its end", shell.Output[^1]);
    }

    [Fact]
    public void What_the_end_of_a_shell_cuts_off_runs_in_the_next()
    {
        using var shell = ShellProcess.Run(
            _folder, "$null = 1..60 | Start-TestBatch { $clock = [System.Diagnostics.Stopwatch]::StartNew(); while ($clock.ElapsedMilliseconds -lt 300) { } } -Name cut -Isolation Runspace -ThrottleLimit 4 -AsJob; [System.Threading.Thread]::Sleep(2000)");
        using var next = ShellProcess.Run(
            _folder, "Get-TestBatch cut | ForEach-Object State; Get-TestResult cut | Where-Object Outcome -ne Passed; Resume-TestBatch cut -ThrottleLimit 30 | Where-Object Outcome -ne Passed; (Get-TestResult cut).Count");

        Assert.Equal("Stopped", next.Output[0]);
        Assert.Equal("60", next.Output[^1]);
        Assert.DoesNotContain(next.Output, line => line.Contains("Errored", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_column_of_a_row_is_a_property_of_its_result()
    {
        using var shell = new HostedPowerShell(_folder);
        var last = shell.Invoke(
            """
            $row = @{}; 1..300 | ForEach-Object { $row["column $_"] = $_ }
            $row | Start-TestBatch { $true } -Isolation Runspace 6> $null | ForEach-Object { 1..300 | ForEach-Object -Begin { $result = $_ } { $result."column $_" } }
            """);
        Assert.Equal(Enumerable.Range(1, 300).Select(n => (long)n), last.Select(value => Convert.ToInt64(value.BaseObject, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void A_script_that_takes_the_process_down_is_found_alone_and_nobody_else_crashed()
    {
        var folder = Path.Combine(_folder, "host");
        Directory.CreateDirectory(folder);
        var runs = 0;
        for (var ended = false; !ended && runs < 8; runs++)
        {
            using var shell = ShellProcess.Run(
                folder,
                runs == 0
                    ? "1..10 | Start-TestBatch { if ($_ -eq 3) { [System.Diagnostics.Process]::GetCurrentProcess().Kill() }; [System.Threading.Thread]::Sleep(100) } -Name host -Isolation Runspace -ThrottleLimit 3"
                    : "Resume-TestBatch host");
            ended = shell.ExitCode == 0;
        }

        using var all = ShellProcess.Run(folder, "Get-TestResult host | ForEach-Object { \"$($_.Index)|$($_.Outcome)|$($_.Cause)\" }");
        Assert.Equal(
            Enumerable.Range(0, 10).Select(n => n == 2 ? "2|Crashed|host-crash" : $"{n}|Passed|").Order(StringComparer.Ordinal),
            all.Output.Where(l => l.Contains('|', StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.InRange(runs, 3, 8);
    }

    [Fact]
    public void A_power_cut_is_no_test_s_doing()
    {
        var folder = Path.Combine(_folder, "power");
        Directory.CreateDirectory(folder);
        for (var run = 0; run < 4; run++)
        {
            using var shell = ShellProcess.Run(
                folder,
                run == 0
                    ? "1..3 | Start-TestBatch { if ($_ -eq 3) { [System.Diagnostics.Process]::GetCurrentProcess().Kill() } } -Name power -Isolation Runspace -ThrottleLimit 1"
                    : "Resume-TestBatch power");
            Assert.NotEqual(0, shell.ExitCode);
            var owner = Directory.GetFiles(folder, "owner.json", SearchOption.AllDirectories).Single();
            File.WriteAllText(owner, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(owner), "\"boot_id\": \"[^\"]*\"", "\"boot_id\": \"an-earlier-one\""));
        }

        using var all = ShellProcess.Run(folder, "Get-TestResult power | ForEach-Object { \"$($_.Index)|$($_.Outcome)\" }");
        Assert.Equal(["0|Passed", "1|Passed"], all.Output.Order(StringComparer.Ordinal));
    }
}
