using System.Diagnostics;
using PSRunner.Engine.Processes;
using PSRunner.Engine.Processes.Unix;

namespace PSRunner.Engine.Tests.Processes;

/// <summary>What becomes of trees when the process that runs them is killed: a second run of these tests plays that process.</summary>
[Collection(ProcessCollection.Name)]
public sealed class RunnerDeathTests
{
    private const string VictimVariable = "PSRUNNER_TEST_VICTIM";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_ends_at_once_when_the_runner_is_killed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs /proc and a shell.");
        using var victim = await StartVictimAsync();

        victim.Process.Kill();

        Assert.True(victim.Process.WaitForExit(10_000));
        await TreeFixture.UntilAsync(() => TreeFixture.CountAlive(victim.Batch) == 0, "the guardian had ended the trees");
        await TreeFixture.UntilAsync(() => victim.Roots.All(pid => !TreeFixture.IsAlive(pid)), "the guardian had ended programs without a marker");
    }

    [Fact]
    public async Task The_next_session_ends_what_the_guardian_could_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs /proc and a shell.");
        using var victim = await StartVictimAsync();
        Kill(GuardiansOf(victim.Process.Id));

        victim.Process.Kill();
        Assert.True(victim.Process.WaitForExit(10_000));
        Assert.NotEqual(0, TreeFixture.CountAlive(victim.Batch));
        using var stranger = Process.Start(new ProcessStartInfo("sleep", "1000") { Environment = { [ProcessTrees.CaseVariable] = victim.Batch + "-2/case/1" } })!;

        var report = await ProcessSweep.EndLeftoversAsync(victim.Batch + "/", TimeProvider.System, Cancellation);

        Assert.Equal(0, TreeFixture.CountAlive(victim.Batch));
        Assert.True(report.Killed >= 3, $"{report.Killed} killed");
        Assert.Empty(report.Survivors);
        Assert.False(stranger.HasExited);
        stranger.Kill();
        Kill(victim.Roots);
    }

    [Fact]
    public async Task The_victim()
    {
        var folder = Environment.GetEnvironmentVariable(VictimVariable);
        Assert.SkipWhen(folder is null, "Plays the killed runner for the other tests here.");
        using var trees = ProcessTrees.Create();
        string[] scripts = ["sleep 1000 & (setsid sleep 1000 &); sleep 1000", "(setsid sh -c 'sleep 1000 & sleep 1000' &); exec env -i sleep 1000"];
        var roots = scripts.Select((script, i) => trees.Start(new ProcessTreeOptions
        {
            Program = "sh",
            Arguments = ["-c", script],
            WorkingDirectory = folder!,
            StandardOutputPath = Path.Combine(folder!, $"{i}.out"),
            StandardErrorPath = Path.Combine(folder!, $"{i}.out"),
            Marker = $"{Path.GetFileName(folder)}/case{i}/1",
        }).Pid).ToArray();

        await File.WriteAllTextAsync(Path.Combine(folder!, "roots.tmp"), string.Join(' ', roots), Cancellation);
        File.Move(Path.Combine(folder!, "roots.tmp"), Path.Combine(folder!, "roots"));
        await Task.Delay(TreeFixture.Patience, Cancellation);
    }

    private static async Task<Victim> StartVictimAsync()
    {
        var folder = Directory.CreateTempSubdirectory("victim-").FullName;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, Environment = { [VictimVariable] = folder } };
        foreach (var argument in new[] { "exec", typeof(RunnerDeathTests).Assembly.Location, "-method", $"{typeof(RunnerDeathTests).FullName}.{nameof(The_victim)}" })
        {
            start.ArgumentList.Add(argument);
        }

        if (!Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.Ordinal))
        {
            start.FileName = Path.ChangeExtension(typeof(RunnerDeathTests).Assembly.Location, null);
            start.ArgumentList.RemoveAt(0);
            start.ArgumentList.RemoveAt(0);
        }

        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        var roots = Path.Combine(folder, "roots");
        var batch = Path.GetFileName(folder);
        await TreeFixture.UntilAsync(() => File.Exists(roots) && TreeFixture.CountAlive(batch) >= 5, "the victim had started its trees");
        return new Victim(process, folder, batch, [.. File.ReadAllText(roots).Split(' ').Select(int.Parse)]);
    }

    private static int[] GuardiansOf(int runner)
    {
        var proc = new ProcFiles();
        var found = Kin.All(proc).Where(p => p.Parent == runner && proc.Describe(p.Pid).StartsWith("/bin/sh -c read", StringComparison.Ordinal)).ToList();
        return [Assert.Single(found).Pid];
    }

    private static void Kill(IEnumerable<int> pids)
    {
        foreach (var pid in pids.Where(TreeFixture.IsAlive))
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
    }

    private sealed record Victim(Process Process, string Folder, string Batch, int[] Roots) : IDisposable
    {
        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
