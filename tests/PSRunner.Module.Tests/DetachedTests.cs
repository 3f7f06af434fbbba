using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PSRunner.Module.Tests;

/// <summary>Batches that outlive their shell, their process and their guardian: real processes, really killed.</summary>
public sealed class DetachedTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-detached-").FullName;

    public void Dispose()
    {
        // Whatever a failed test left must neither run on nor be started again.
        foreach (var file in Directory.EnumerateFiles(_folder, "guardian.json", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(_folder, "owner.json", SearchOption.AllDirectories)))
        {
            Kill(Number(file, file.EndsWith("guardian.json", StringComparison.Ordinal) ? "process" : null));
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_batch_goes_on_after_its_shell_and_after_every_death_of_its_process()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kills processes by signals.");
        var started = StartDetached("night", ("PSRUNNER_STILL_SECONDS", "12"));
        Assert.StartsWith("night Running", started, StringComparison.Ordinal);
        var runFolder = Assert.Single(Directory.GetDirectories(Path.Combine(_folder, "test-batches")));
        var first = Owner(runFolder);

        Kill(first);
        var second = Until(() => Owner(runFolder) is var pid && pid != first ? pid : 0);
        Assert.Equal($"Running Its process {first} died: SIGKILL; its guardian started it again (1 of at most 3).", Progress("night"));

        // It still lives and does not move: the guardian kills it. Its tests go with it.
        Signal(second, "STOP");
        var third = Until(() => Owner(runFolder) is var pid && pid != second ? pid : 0);
        Assert.Equal($"Running Its process {second} did not move for 12 s and was killed; its guardian started it again (2 of at most 3).", Progress("night"));
        Assert.NotEqual(second, third);

        using var end = ShellProcess.Run(_folder, "Wait-TestBatch night -TimeoutSeconds 100 | ForEach-Object { \"$($_.State) $($_.Passed) $($_.Crashed)\" }; @(Get-TestResult night).Count; (Test-TestBatch night).FindingCount");
        Assert.Equal(["Completed 100 0", "100", "0"], end.Output);
        Until(() => File.Exists(Path.Combine(runFolder, "guardian.json")) ? 0 : 1);
        Until(() => Directory.EnumerateDirectories("/proc").Any(p => Mentions(p, Path.GetFileName(runFolder))) ? 0 : 1);
    }

    [Fact]
    public void Without_its_guardian_a_batch_goes_on_and_without_both_it_is_lost_and_resumed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kills processes by signals.");
        StartDetached("night");
        var runFolder = Assert.Single(Directory.GetDirectories(Path.Combine(_folder, "test-batches")));
        var guardian = Number(Path.Combine(runFolder, "guardian.json"), "process");
        Kill(guardian);
        Assert.Equal($"Running Its guardian (process {guardian}) is gone: nobody starts it again should it die.", Progress("night"));

        Kill(Owner(runFolder));
        Assert.Equal("Lost Its process and its guardian are gone without having closed it.", Progress("night"));
        using var resumed = ShellProcess.Run(_folder, "$null = Resume-TestBatch night -Detached; Wait-TestBatch night -TimeoutSeconds 100 | ForEach-Object { \"$($_.State) $($_.Passed) $($_.Crashed)\" }; @(Get-TestResult night).Count");
        Assert.Empty(resumed.Errors);
        Assert.Equal(["Completed 100 0", "100"], resumed.Output);
    }

    [Fact]
    public void A_detached_batch_obeys_other_shells_and_a_polite_kill_of_its_guardian_ends_it_in_order()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kills processes by signals.");
        StartDetached("night");
        var runFolder = Assert.Single(Directory.GetDirectories(Path.Combine(_folder, "test-batches")));
        Signal(Number(Path.Combine(runFolder, "guardian.json"), "process"), "TERM");
        using var end = ShellProcess.Run(_folder, "Wait-TestBatch night -TimeoutSeconds 60 | ForEach-Object State; Resume-TestBatch night -Detached | ForEach-Object State; Stop-TestBatch night -PassThru | ForEach-Object State");
        Assert.Empty(end.Errors);
        Assert.Equal(["Stopped", "Running", "Stopped"], end.Output);
        Until(() => File.Exists(Path.Combine(runFolder, "guardian.json")) ? 0 : 1);
    }

    [Fact]
    public void A_name_with_quotes_of_every_kind_is_a_name()
    {
        using var shell = ShellProcess.Run(
            _folder,
            "$null = 1..2 | ForEach-Object { New-CommandTest true; New-ScriptTest { 1 } } | Start-TestBatch -Name $env:BATCH -Detached; Wait-TestBatch $env:BATCH -TimeoutSeconds 100 | ForEach-Object { \"$($_.State) $($_.Passed)\" }",
            ("BATCH", "it's \u2019quoted\u2018 $(exit 3)"));

        Assert.Empty(shell.Errors);
        Assert.Equal(["Completed 4"], shell.Output);
    }

    [Fact]
    public void A_changed_plan_goes_on_as_a_job_and_detached_and_runs_again_only_what_it_has()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        using var shell = ShellProcess.Run(_folder, """
            $cases = New-CommandTest sh '-c','exit {n}' -Matrix @{ n = 0..5 }
            $null = $cases[0..2] | Start-TestBatch night 6>$null
            $job = $cases[0], $cases[2], $cases[3] | Resume-TestBatch night -RetryOutcome Failed -AsJob 6>$null
            $null = Wait-Job $job -Timeout 60
            $ran = [int[]](Receive-Job $job).Index; [array]::Sort($ran); "$ran"
            $batch = $cases[2..5] | Resume-TestBatch night -RetryOutcome Failed -Detached 6>$null
            Wait-TestBatch night -TimeoutSeconds 60 | ForEach-Object { "$($_.State) $($_.Planned) $($_.Done)" }
            $session = @{}; Get-TestResult night | ForEach-Object { $session[$_.Index] = $_.Session }; "$(0..5 | ForEach-Object { $session[$_] })"
            Test-TestBatch night -Quiet
            """);
        Assert.Empty(shell.Errors);
        Assert.Equal(["2 3", "Completed 6 6", "1 1 5 5 5 5", "True"], shell.Output);
    }

    // 100 cases of 0.4 s, two at once: long enough to be killed in, short enough to wait for.
    private string StartDetached(string name, params (string Name, string Value)[] environment)
    {
        using var shell = ShellProcess.Run(
            _folder,
            $"New-CommandTest sleep 0.4 -Repeat 100 | Start-TestBatch {name} -ThrottleLimit 2 -Detached | ForEach-Object {{ \"$($_.Name) $($_.State) $($_.Planned)\" }}",
            environment);
        Assert.Empty(shell.Errors);
        return Assert.Single(shell.Output);
    }

    private string Progress(string name)
    {
        using var shell = ShellProcess.Run(_folder, $"Get-TestProgress {name} | ForEach-Object {{ \"$($_.State) $($_.Message)\" }}");
        return Assert.Single(shell.Output);
    }

    private static int Owner(string runFolder) => Number(Path.Combine(runFolder, "owner.json"), null);

    private static int Number(string file, string? of)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return (of is null ? json.RootElement : json.RootElement.GetProperty(of)).GetProperty("process_id").GetInt32();
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return 0;
        }
    }

    private static void Kill(int pid) => Signal(pid, "KILL");

    private static void Signal(int pid, string signal)
    {
        if (pid > 0)
        {
            using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true })!;
            Assert.True(kill.WaitForExit(Limit));
        }
    }

    private static int Until(Func<int> value)
    {
        var clock = Stopwatch.StartNew();
        while (value() is var now)
        {
            if (now != 0)
            {
                return now;
            }

            Assert.InRange(clock.Elapsed, TimeSpan.Zero, Limit);
            Thread.Sleep(50);
        }

        return 0;
    }

    private static bool Mentions(string process, string batch)
    {
        try
        {
            return int.TryParse(Path.GetFileName(process), out var pid) && pid != Environment.ProcessId
                && (File.ReadAllText(process + "/cmdline").Contains(batch, StringComparison.Ordinal) || File.ReadAllText(process + "/environ").Contains(batch, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
