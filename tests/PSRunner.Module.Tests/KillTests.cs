namespace PSRunner.Module.Tests;

/// <summary>What a user does after a power cut or an OOM kill: Resume-TestBatch, and everything is there.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const string Print = "ForEach-Object { \"$($_.Index) $($_.Id) $($_.Outcome) $($_.Cause) $($_.Score) $($_.Turns) $($_.Name)\" }";
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-kill-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Killed_ten_times_at_random_moments_a_batch_loses_nothing_and_runs_nothing_twice()
    {
        var registry = Repository.OldRunnerFile("tool_registry.json");
        var tasks = Repository.OldRunnerFile("task_library_parallel_20250710_042826.json");
        const int Seed = 53;
        var random = new Random(Seed);
        var ledger = new Dictionary<string, string>();
        var killed = 0;

        var command = $"New-WorkflowTest sim-strong,sim-weak,sim-unclosed-tags flawed_* -Instances 5 -Seed 42 -TaskLibrary '{tasks}' -ToolRegistry '{registry}'"
            + $" | Start-TestBatch flawed -ThrottleLimit 20 -CheckpointInterval 5 -BatchTimeoutSeconds 3600 | {Print}";
        for (var run = 0; run < 60; run++)
        {
            using var shell = ShellProcess.Start(_folder, run == 0 ? command : $"Resume-TestBatch flawed | {Print}", ("PSRUNNER_SIM_LATENCY_SCALE", "0.002"));
            if (killed == 10 || !shell.WaitForLines(random.Next(2, 45)))
            {
                shell.WaitForEnd();
            }
            else
            {
                shell.Kill();
                killed++;
            }

            // What was printed is on disk, whatever came after.
            foreach (var line in shell.Output.Where(IsResult))
            {
                Assert.True(ledger.TryAdd(line.Split(' ')[0], line), $"Printed twice (seed {Seed}, run {run}): {line}");
            }

            if (killed == 10 && shell.ExitCode == 0)
            {
                break;
            }
        }

        Assert.Equal(10, killed);
        using var all = ShellProcess.Run(_folder, $"Get-TestResult flawed | {Print}");
        var stored = all.Output.Where(IsResult).ToList();
        output.WriteLine($"{ledger.Count} results seen over {killed} kills, {stored.Count} stored.");

        Assert.Equal(525, stored.Count);
        Assert.Equal(525, stored.Select(line => line.Split(' ')[0]).Distinct().Count());
        Assert.DoesNotContain(stored, line => line.Contains(" Crashed ", StringComparison.Ordinal));
        Assert.Empty(ledger.Values.Except(stored));
        using var progress = ShellProcess.Run(_folder, "Get-TestProgress flawed | ForEach-Object { \"$($_.State) $($_.Planned) $($_.Done) $($_.Pending)\" }");
        Assert.Equal(["Completed 525 525 0"], progress.Output);
    }

    private static bool IsResult(string line) => line.Length > 0 && char.IsAsciiDigit(line[0]) && line.Split(' ') is { Length: > 5 } words && words[1].Length == 32;
}
