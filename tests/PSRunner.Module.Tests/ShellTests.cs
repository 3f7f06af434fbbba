using System.Diagnostics;

namespace PSRunner.Module.Tests;

/// <summary>psrunner as its users see it: a process with arguments, streams and an exit code.</summary>
public sealed class ShellTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("exit 5", 5)]
    [InlineData("1", 0)]
    [InlineData("throw 'no'", 1)]
    [InlineData("1; Write-Output 2", 1)]
    [InlineData("Write-Output 2; 1", 0)]
    [InlineData("(", 1)]
    public async Task The_exit_code_of_a_command_is_as_in_pwsh(string command, int code) =>
        Assert.Equal(code, (await RunAsync("-Command", command)).ExitCode);

    [Fact]
    public async Task A_script_gets_its_arguments_and_sets_the_exit_code()
    {
        var script = Path.Combine(Directory.CreateTempSubdirectory("psrunner-shell-").FullName, "it's.ps1");
        await File.WriteAllTextAsync(
            script,
            """
            param([string[]] $Model, [int] $N, [switch] $On)
            "$Model|$N|$On|$($PSScriptRoot -eq [IO.Path]::GetDirectoryName($PSCommandPath))"
            exit $N
            """,
            TestContext.Current.CancellationToken);

        var run = await RunAsync("-NoProfile", "-File", script, "-Model", "it's,b", "-N", "3", "-On");

        Assert.Equal("it's,b|3|True|True\n", run.Output);
        Assert.Equal(3, run.ExitCode);
        Directory.Delete(Path.GetDirectoryName(script)!, recursive: true);
    }

    [Theory]
    [InlineData(0, "-N", "3")]
    [InlineData(1, "-N", "three")]
    [InlineData(1, "-Nothing")]
    public async Task A_script_whose_parameters_do_not_fit_has_failed_and_one_that_had_errors_has_not(int code, params string[] arguments)
    {
        var script = Path.Combine(Directory.CreateTempSubdirectory("psrunner-shell-").FullName, "bound.ps1");
        await File.WriteAllTextAsync(script, "[CmdletBinding()] param([int] $N)\nGet-Command no-such-command", TestContext.Current.CancellationToken);

        var run = await RunAsync(["-File", script, .. arguments]);

        Assert.Equal(code, run.ExitCode);
        Assert.Equal(code == 1, run.Errors.Contains($"'{script}' was not run", StringComparison.Ordinal));
        Directory.Delete(Path.GetDirectoryName(script)!, recursive: true);
    }

    [Fact]
    public async Task It_reports_its_use_to_nobody() =>
        Assert.Equal("False\n", (await RunAsync("-Command", "[Microsoft.PowerShell.Telemetry.ApplicationInsightsTelemetry]::CanSendTelemetry")).Output);

    [Fact]
    public async Task A_missing_everyday_command_is_explained_in_one_line()
    {
        var run = await RunAsync("-Command", "1..3 | Select-Object -First 1");

        Assert.Equal("psrunner: Select-Object comes with pwsh; here are PowerShell's core commands only.", (run.Output + run.Errors).Trim());
    }

    [Fact]
    public async Task The_module_is_there_and_text_from_standard_input_runs()
    {
        var run = await RunAsync(["-Command", "-"], input: "(Get-Command Start-TestBatch).Source");

        Assert.Equal("PSRunner\n", run.Output);
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task The_prompt_runs_lines_until_exit()
    {
        var run = await RunAsync([], input: "1 +\n1\nexit 4\n");

        Assert.Contains("2\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(4, run.ExitCode);
    }

    [Theory]
    [InlineData("-Nonsense")]
    [InlineData("-File")]
    [InlineData("-File", "no-such-script.ps1")]
    public async Task Bad_arguments_are_refused_with_code_64(params string[] arguments) =>
        Assert.Equal(64, (await RunAsync(arguments)).ExitCode);

    [Fact]
    public async Task No_colour_reaches_a_file() =>
        Assert.DoesNotContain('\x1b', (await RunAsync("-Command", "[PSRunner.TestCase]::new('a', 'b', $null); throw 'x'")).Output);

    [Fact]
    public async Task Nobody_reading_the_output_does_not_end_the_work()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("psrunner-pipe-").FullName, "done");
        using var process = Start(["-Command", $"1..20000; [IO.File]::WriteAllText('{file}', 'yes')"]);
        process.StandardOutput.Close();
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);

        Assert.Equal("yes", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task Output_and_errors_that_are_closed_from_the_start_do_not_end_the_work()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        var file = Path.Combine(Directory.CreateTempSubdirectory("psrunner-closed-").FullName, "done");
        using var process = Process.Start(new ProcessStartInfo(
            "sh", ["-c", "exec \"$0\" \"$@\" >&- 2>&-", Repository.ShellProgram, "-Command", $"1..3; [IO.File]::WriteAllText('{file}', 'yes'); throw 'no'"]))!;
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);

        Assert.Equal((1, "yes"), (process.ExitCode, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string[] arguments, string input)
    {
        using var process = Start(arguments);
        using var limit = new CancellationTokenSource(Limit);
        await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, (await output).ReplaceLineEndings("\n"), (await errors).ReplaceLineEndings("\n"));
    }

    private static Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo(Repository.ShellProgram, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start)!;
    }
}
