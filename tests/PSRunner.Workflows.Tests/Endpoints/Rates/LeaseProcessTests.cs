using System.Diagnostics;
using System.Globalization;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

/// <summary>Real processes, a real file, a real clock: three share a key, and one of them is killed.</summary>
public sealed class LeaseProcessTests(ITestOutputHelper output) : IDisposable
{
    private const string FolderVariable = "PSRUNNER_TEST_LEASE_FOLDER";
    private const double Rate = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-leases-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Three_processes_keep_to_one_rate_together_though_one_is_killed()
    {
        Process[] children = [.. Enumerable.Range(0, 3).Select(_ => Child())];
        await Until(() => children.All(c => Starts(c).Count > 10));
        children[2].Kill();
        await Until(() => Starts(children[0]).Count > 100 && Starts(children[1]).Count > 100);
        foreach (var child in children)
        {
            child.Kill();
            Assert.True(child.WaitForExit(Patience));
        }

        // From when the last of them began: before that there was less to share. A start is written down late, never early.
        var starts = children.ToDictionary(c => c, Starts);
        var from = starts.Values.Max(s => s[0]);
        var all = starts.Values.SelectMany(s => s).Where(s => s > from).Order().ToList();
        var seconds = all[^1] - all[0];
        output.WriteLine($"{all.Count} starts in {seconds:0.00} s: {all.Count / seconds:0.0}/s of {Rate}/s, {string.Join(", ", starts.Values.Select(s => s.Count))} each");
        Assert.True(seconds > 2, "too short to tell");
        Assert.True(all.Count <= (1.1 * Rate * seconds) + 5, $"{all.Count} starts in {seconds} s");
        foreach (var child in children)
        {
            child.Dispose();
        }
    }

    /// <summary>What a child does.</summary>
    [Fact(Explicit = true)]
    public async Task Child_starts_until_it_is_killed()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } folder)
        {
            return;
        }

        var time = TimeProvider.System;
        using var gate = new RateGate(
            new RateOptions { RequestsPerSecond = Rate, IsFixed = true }, time, new LeaseBook(new LeaseFile(Path.Combine(folder, "rates", "key"), time), time));
        using var log = new StreamWriter(Path.Combine(folder, $"{Environment.ProcessId}.txt")) { AutoFlush = true };
        while (Directory.Exists(folder))
        {
            using var permit = await gate.EnterAsync(1, TestContext.Current.CancellationToken);
            log.WriteLine(time.GetElapsedTime(0).TotalSeconds.ToString("R", CultureInfo.InvariantCulture));
        }

    }

    private List<double> Starts(Process child)
    {
        var path = Path.Combine(_folder, $"{child.Id}.txt");
        if (!File.Exists(path))
        {
            return [];
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var lines = reader.ReadToEnd().Split('\n');
        return [.. lines[..^1].Select(line => double.Parse(line, CultureInfo.InvariantCulture))];
    }

    private Process Child()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "PSRunner.Workflows.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        var start = new ProcessStartInfo(program, ["-explicit", "only", "-method", $"{typeof(LeaseProcessTests).FullName}.{nameof(Child_starts_until_it_is_killed)}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[FolderVariable] = _folder;
        var child = Process.Start(start)!;
        child.OutputDataReceived += (_, line) => output.WriteLine($"{child.Id}: {line.Data}");
        child.ErrorDataReceived += (_, line) => output.WriteLine($"{child.Id}: {line.Data}");
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    private static async Task Until(Func<bool> done)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!done())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "The processes do not start anything.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
