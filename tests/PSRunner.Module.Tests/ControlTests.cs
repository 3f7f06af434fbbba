using System.Diagnostics;
using System.Globalization;

namespace PSRunner.Module.Tests;

/// <summary>A batch that runs in one process of psrunner, and the commands that reach it from another.</summary>
public sealed class ControlTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-control-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_batch_is_watched_until_it_has_ended()
    {
        using var shell = ShellProcess.Run(_folder, "$null = New-CommandTest sleep 1 -Repeat 4 | Start-TestBatch slow -ThrottleLimit 2 -Detached; Watch-TestBatch; try { Watch-TestBatch } catch { $_.FullyQualifiedErrorId }");
        Assert.Empty(shell.Errors);
        Assert.Matches(@"^slow Running \[\d/4  0 failed", shell.Output[0]);
        Assert.Matches("^slow: 4 of 4 in .*: 4 passed$", shell.Output[^3]);
        Assert.StartsWith("NoBatchRuns", shell.Output[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Another_shell_pauses_retunes_resumes_follows_and_stops_a_batch()
    {
        using var owner = StartBatch("night");

        // Every answer shows what was asked for, so nothing here waits for luck.
        using var control = ShellProcess.Run(_folder, """
            Suspend-TestBatch night; (Get-TestProgress night).State
            (Get-TestBatch -State Suspended).Name
            (Set-TestBatch night -ThrottleLimit 7 -PassThru).State; (Get-TestProgress night).ThrottleLimit
            $before = (Get-TestBatch night).Done; $nothing = Wait-TestBatch night -Timeout 0.1; $null -eq $nothing
            @(Resume-TestBatch night).Count; (Get-TestProgress night).State
            """);
        Assert.Empty(control.Errors);
        var said = Assert.Single(control.Output, l => l.Contains("goes on in process", StringComparison.Ordinal));
        Assert.Matches(@"^'night' goes on in process \d+\. Its results: Get-TestResult night -Wait$", said);
        Assert.Equal(["Suspended", "night", "Suspended", "7", "True", "0", "Running"], control.Output.Where(l => l != said));

        using var follower = ShellProcess.Start(_folder, "Get-TestResult night -Wait | ForEach-Object { $_.Index }");
        Assert.True(follower.WaitForLines(1));
        using var stop = ShellProcess.Run(_folder, "(Stop-TestBatch night -PassThru).State; (Wait-TestBatch night).State; Suspend-TestBatch night");
        Assert.Equal(["Stopped", "Stopped"], stop.Output);
        Assert.Contains(stop.Errors, e => e.Contains("no process works on it", StringComparison.Ordinal));

        follower.WaitForEnd();
        owner.WaitForEnd();
        using var stored = ShellProcess.Run(_folder, "Get-TestResult night | ForEach-Object { $_.Index }");
        Assert.NotEmpty(stored.Output);
        Assert.Equal(stored.Output.Order(), follower.Output.Order());
        Assert.Equal(stored.Output.Order(), owner.Output.Where(IsIndex).Order());
    }

    [Fact]
    public void A_running_batch_is_removed_only_by_force_and_then_with_everything()
    {
        using var owner = StartBatch("old");
        using var refused = ShellProcess.Run(_folder, "Remove-TestBatch old; Remove-TestBatch old -Force -WhatIf; (Get-TestBatch old).State");
        Assert.Contains("Running", refused.Output);
        Assert.Contains(refused.Errors, e => e.Contains("is worked on by process", StringComparison.Ordinal));

        using var removed = ShellProcess.Run(_folder, "Remove-TestBatch old -Force; @(Get-TestBatch).Count");
        Assert.Equal(["0"], removed.Output);
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder, "test-batches")));
        owner.WaitForEnd();
    }

    [Fact]
    public void A_name_that_two_live_batches_bear_is_an_error_that_names_both()
    {
        using var one = StartBatch("twin");
        using var other = StartBatch("twin");
        using var control = ShellProcess.Run(_folder, """
            try { Suspend-TestBatch twin } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
            (Get-TestBatch twin).Id
            Stop-TestBatch twi*
            (Get-TestBatch).State
            try { Remove-TestBatch twin } catch { $_.FullyQualifiedErrorId }
            """);
        Assert.Equal("AmbiguousBatch,PSRunner.Commands.SuspendTestBatchCommand", control.Output[0]);
        Assert.All(control.Output.Skip(2).Take(2), id => Assert.Contains(id, control.Output[1], StringComparison.Ordinal));
        Assert.Equal(["Stopped", "Stopped", "AmbiguousBatch,PSRunner.Commands.RemoveTestBatchCommand"], control.Output.Skip(4));
        one.WaitForEnd();
        other.WaitForEnd();
    }

    // Long enough for a slow machine, and ended by every test.
    private ShellProcess StartBatch(string name)
    {
        var shell = ShellProcess.Start(
            _folder,
            $"New-WorkflowTest sim-strong -Instances 500 | Start-TestBatch {name} -ThrottleLimit 4 | ForEach-Object {{ $_.Index }}",
            ("PSRUNNER_SIM_LATENCY_SCALE", "0.05"));
        var clock = Stopwatch.StartNew();
        while (!shell.Output.Any(IsIndex))
        {
            Assert.True(clock.Elapsed < Limit && !shell.WaitForExit(TimeSpan.FromMilliseconds(20)), string.Join('\n', shell.Output.Concat(shell.Errors)));
        }

        return shell;
    }

    private static bool IsIndex(string line) => int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
