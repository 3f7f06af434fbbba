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
        const int Seed = 53;
        var random = new Random(Seed);
        var killed = 0;

        // One batch takes all kills, unless the machine was so busy that it ended between two looks at it.
        for (var batch = 0; killed < 10; batch++)
        {
            Assert.InRange(batch, 0, 9);
            killed += RunWithKills($"flawed{batch}", 10 - killed, random);
        }
    }

    // Runs and resumes one batch to its end; returns how often it was killed.
    private int RunWithKills(string name, int most, Random random)
    {
        var ledger = new Dictionary<string, string>();
        var killed = 0;
        var command = $"New-WorkflowTest sim-strong,sim-weak,sim-unclosed-tags flawed_* -Instances 5 -Seed 42 {Library()}"
            + $" | Start-TestBatch {name} -ThrottleLimit 20 -CheckpointInterval 5 -BatchTimeoutSeconds 3600 | {Print}";
        bool completed;
        do
        {
            using var shell = ShellProcess.Start(_folder, command, ("PSRUNNER_SIM_LATENCY_SCALE", "0.002"));
            var isToDie = killed < most && shell.WaitForLines(random.Next(2, 45));
            if (isToDie)
            {
                shell.Kill();
                killed++;
            }
            else
            {
                shell.WaitForEnd();
            }

            // What was printed is on disk, whatever came after.
            foreach (var line in shell.Output.Where(IsResult))
            {
                Assert.True(ledger.TryAdd(line.Split(' ')[0], line), $"Printed twice (after {killed} kills): {line}");
            }

            completed = !isToDie;
            Assert.True(!completed || shell.ExitCode == 0, string.Join('\n', shell.Errors));
            command = $"Resume-TestBatch {name} | {Print}";
        }
        while (!completed);

        using var all = ShellProcess.Run(_folder, $"Get-TestResult {name} | {Print}");
        var stored = all.Output.Where(IsResult).ToList();
        output.WriteLine($"{ledger.Count} results seen over {killed} kills, {stored.Count} stored.");

        Assert.Equal(525, stored.Count);
        Assert.Equal(525, stored.Select(line => line.Split(' ')[0]).Distinct().Count());
        Assert.DoesNotContain(stored, line => line.Contains(" Crashed ", StringComparison.Ordinal));
        Assert.Empty(ledger.Values.Except(stored));
        using var progress = ShellProcess.Run(_folder, $"Get-TestProgress {name} | ForEach-Object {{ \"$($_.State) $($_.Planned) $($_.Done) $($_.Pending)\" }}");
        Assert.Equal(["Completed 525 525 0"], progress.Output);
        return killed;
    }

    // The old runner's own where they lie beside the checkout, else the built-in ones: 525 cases either way.
    private static string Library() =>
        Repository.FindOldRunnerFile("task_library_parallel_20250710_042826.json") is { } tasks && Repository.FindOldRunnerFile("tool_registry.json") is { } registry
            ? $"-TaskLibrary '{tasks}' -ToolRegistry '{registry}'" : "";

    private static bool IsResult(string line) => line.Length > 0 && char.IsAsciiDigit(line[0]) && line.Split(' ') is { Length: > 5 } words && words[1].Length == 32;
}
