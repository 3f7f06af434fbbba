using System.Diagnostics;
using System.Globalization;
using PSRunner.ModelServer;

namespace PSRunner.Module.Tests;

/// <summary>Many batches of many processes under one folder, and many processes at one batch.</summary>
public sealed class ManyAtOnceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-many-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Batches_of_several_processes_share_one_folder_and_are_read_together()
    {
        ShellProcess[] shells = [.. Enumerable.Range(0, 3).Select(i => ShellProcess.Start(
            _folder, $"New-WorkflowTest sim-strong -Instances 20 | Start-TestBatch b{i} -OutputPath 'all [1]' | Out-Null", ("PSRUNNER_SIM_LATENCY_SCALE", "0.002")))];
        foreach (var shell in shells)
        {
            shell.WaitForEnd();
            shell.Dispose();
        }

        using var read = ShellProcess.Run(_folder, """
            @(Get-TestResult -LiteralPath 'all [1]').Count
            @(Get-TestResult -Path 'all *').Count
            @(Get-TestResult -Path 'all `[1`]').Count
            @(Get-TestResult -Path 'all */b[01]-*').Count
            $batches = @{}; Get-TestResult -LiteralPath 'all [1]' | ForEach-Object { $batches[$_.Batch] = 1 }; $batches.Count
            @(Get-TestBatch -Path 'all *' | Where-Object { Test-TestBatch -LiteralPath $_.RunFolder -Quiet }).Count
            try { Get-TestResult -LiteralPath 'all *' -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
            """);
        Assert.Empty(read.Errors);
        Assert.Equal(["300", "300", "300", "200", "3", "3", "BatchNotFound,PSRunner.Commands.GetTestResultCommand"], read.Output);
    }

    [Fact]
    public async Task As_many_requests_are_in_flight_as_the_process_may_open_sockets_and_no_more()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Has no such limit.");
        await using var server = ChatServer.Start(new ServerOptions { Capacity = new Capacity { Latency = TimeSpan.FromSeconds(1) } });

        using var shell = ShellProcess.RunWithFiles(
            400, _folder,
            $$"""
            Register-TestEndpoint far {{server.Endpoint}} -RequestsPerMinute 600000
            1..500 | ForEach-Object { "hello $_" } | New-PromptTest far -ExpectLike '*hello*' | Start-TestBatch wide -ThrottleLimit 1000 | ForEach-Object Outcome
            """,
            ("XDG_CONFIG_HOME", _folder));

        Assert.Equal(500, shell.Output.Count(line => line == "Passed"));
        Assert.Contains(shell.Errors.Concat(shell.Output), line => line.Contains("may open 400 files and sockets (ulimit -n)", StringComparison.Ordinal));
    }

    [Fact]
    public void An_owner_that_is_stopped_still_owns_its_batch_and_is_named_to_who_wants_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs SIGSTOP.");
        using var owner = ShellProcess.Start(
            _folder, "\"$PID\"; New-WorkflowTest sim-strong -Instances 500 | Start-TestBatch night -ThrottleLimit 4 | ForEach-Object { $_.Index }", ("PSRUNNER_SIM_LATENCY_SCALE", "0.05"));
        Assert.True(owner.WaitForLines(4));
        var id = int.Parse(owner.Output[0], CultureInfo.InvariantCulture);
        Signal("STOP", id);
        try
        {
            using var second = ShellProcess.Run(_folder, """
                try { Resume-TestBatch -Path test-batches/* } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
                (Get-TestBatch night).State
                try { Repair-TestBatch -Path test-batches/* } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
                """);
            Assert.Equal("BatchIsRunning,PSRunner.Commands.ResumeTestBatchCommand", second.Output[0]);
            Assert.Contains($"is worked on by process {id} on ", second.Output[1], StringComparison.Ordinal);
            Assert.Equal("Running", second.Output[2]);
            Assert.Equal("BatchIsRunning,PSRunner.Commands.RepairTestBatchCommand", second.Output[3]);
            Assert.Contains($"is worked on by process {id} on ", second.Output[4], StringComparison.Ordinal);
        }
        finally
        {
            Signal("CONT", id);
        }

        // It goes on as if nothing had been.
        using var stop = ShellProcess.Run(_folder, "(Stop-TestBatch night -PassThru).State; @(Test-TestBatch night).Healthy");
        Assert.Equal(["Stopped", "True"], stop.Output);
        owner.WaitForEnd();
    }

    private static void Signal(string name, int processId)
    {
        using var kill = Process.Start("kill", $"-{name} {processId}");
        Assert.True(kill.WaitForExit(TimeSpan.FromSeconds(30)) && kill.ExitCode == 0);
    }
}
