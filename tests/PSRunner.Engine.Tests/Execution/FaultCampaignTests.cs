using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using PSRunner.Engine.Commands;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;
using PSRunner.Engine.Tests.Storage;
using PSRunner.Engine.Workers;

namespace PSRunner.Engine.Tests.Execution;

/// <summary>
/// Faults of every sort in one batch over the real engine, its disk among them. <c>PSRUNNER_LONG_TESTS=1</c> injects 10,000.
/// </summary>
[Collection(nameof(ConductorTests))]
public sealed class FaultCampaignTests(ITestOutputHelper output) : IDisposable
{
    private const int Seed = 20261124;
    private const int Throttle = 48;
    private const int NeverReturning = 6; // Half of the zombies that such a batch bears.
    private const double LimitSeconds = 1.5;
    private const double GraceSeconds = 2.5;

    // Of those that end by themselves: a busy machine must not end them first.
    private const double LongLimitSeconds = 60;
    private const int DiskFaultEvery = 150;

    // The promise is a second; this is for the machine that builds beside the tests.
    private const double SlackSeconds = 4;

    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(20);
    private static readonly int Count = Environment.GetEnvironmentVariable("PSRUNNER_LONG_TESTS") == "1" ? 10_000 : 500;

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-faults-").FullName;

    public void Dispose()
    {
        Faults.Never.TrySetResult(new AttemptReport());
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Every_fault_ends_in_time_with_the_right_cause_and_leaves_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs a shell and /proc.");
        var random = new Random(Seed);
        List<Fault> faults = [.. PickFaults(random), .. Enumerable.Repeat(Faults.NeverReturns, NeverReturning)];
        var (handles, diskFaults, clock) = (Handles().Count, 0, Stopwatch.StartNew());
        var disk = new FaultyFiles
        {
            Before = (words, time) =>
            {
                if (words.Split(' ') is ["write" or "flush", var file] && file.EndsWith(".jsonl", StringComparison.Ordinal) && time % DiskFaultEvery == DiskFaultEvery - 1)
                {
                    Interlocked.Increment(ref diskFaults);
                    throw new StoreException("write", file, "No space left on device", "ENOSPC");
                }
            },
        };

        string runFolder;
        List<TestResult> results;
        using (var session = Start(faults, disk))
        {
            runFolder = session.Batch.RunFolder;
            results = Read(session, clock);
            Assert.True(session.WaitForEnd(LongestRun));
            Assert.Equal((BatchStates.Completed, ""), (session.Batch.State, session.Batch.Message));
        }

        Tell(results, faults, diskFaults, clock.Elapsed);
        Assert.Equal(Enumerable.Range(0, faults.Count), results.Select(r => r.Index).Order());
        Assert.InRange(results.Count(r => faults[r.Index].Misbehaves), Count, int.MaxValue);
        Assert.All(results, r => Assert.True(faults[r.Index].Causes.Contains(r.Cause), $"{faults[r.Index].Kind} {r.Name} ended with '{r.Cause}': {r.Message}"));
        Assert.All(results, r => Assert.InRange(double.IsNaN(r.DurationSeconds) ? 0 : r.DurationSeconds, 0, LimitOf(faults[r.Index]) + GraceSeconds + SlackSeconds));
        Assert.True(BatchAudit.Run(runFolder) is { Healthy: true, Pending: 0 }, "The audit finds something.");
        AssertNothingLeft(Path.GetFileName(runFolder), handles);
    }

    // Until enough of them misbehave: the others are the innocent neighbours.
    private static IEnumerable<Fault> PickFaults(Random random)
    {
        for (var injected = 0; injected < Count;)
        {
            var fault = Pick(random);
            injected += fault.Misbehaves ? 1 : 0;
            yield return fault;
        }
    }

    private static Fault Pick(Random random)
    {
        // Processes cost a hundred times what code does.
        var kind = random.Next(100) switch { < 70 => Faults.Code, < 93 => Faults.Command, _ => Faults.Worker };
        var some = Faults.All.Where(f => f.Kind == kind).ToList();
        return some[random.Next(some.Count)];
    }

    private BatchSession Start(List<Fault> faults, FaultyFiles disk)
    {
        var byName = Faults.All.Append(Faults.NeverReturns).Where(f => f.Kind == Faults.Code).ToDictionary(f => f.Name, f => f.Run!, StringComparer.Ordinal);
        var worker = Path.Combine(AppContext.BaseDirectory, "PSRunner.CrashCampaign");
        ITestExecutor[] executors =
        [
            new NoopExecutor((context, cancellation) => byName[context.Case.Name.Split(' ')[0]](context, cancellation)),
            new CommandExecutor(),
            new WorkerExecutor(new WorkerOptions { Kind = Faults.Worker, Fingerprint = "faulty/1", Command = () => new WorkerCommand(worker, ["child", "worker"]) }),
        ];
        var options = new BatchOptions
        {
            OutputPath = _folder, ThrottleLimit = Throttle, TestTimeoutSeconds = LimitSeconds,
            GracePeriodSeconds = GraceSeconds, RetryCount = 1, BatchTimeoutSeconds = LongestRun.TotalSeconds, KeepArtifact = ArtifactRule.Failed,
        };
        using var builder = new BatchBuilder(options, executors, disk);
        for (var i = 0; i < faults.Count; i++)
        {
            builder.Add(CaseOf(faults[i], i));
        }

        return builder.Start();
    }

    private TestCase CaseOf(Fault fault, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{fault.Name} {number}");
        return fault.Kind switch
        {
            Faults.Command => Assert.Single(CommandCases.Create(new CommandCaseOptions
            {
                Command = "sh", Arguments = ["-c", fault.Script, "sh", name], Name = name, CurrentFolder = _folder, TestTimeoutSeconds = LimitOf(fault),
            })),
            Faults.Worker => new TestCase(fault.Kind, name, [new("Number", number)]) { Definition = $"\"{fault.Script}\"", TestTimeoutSeconds = LimitOf(fault) },
            _ => new TestCase(fault.Kind, name, [new("Number", number)]) { TestTimeoutSeconds = LimitOf(fault) },
        };
    }

    private static double LimitOf(Fault fault) => fault.NeedsLimit ? LimitSeconds : LongLimitSeconds;

    private static List<TestResult> Read(BatchSession session, Stopwatch clock)
    {
        var results = new List<TestResult>();
        while (!session.Results.IsCompleted)
        {
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, LongestRun + LongestRun);
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
            {
                results.Add(result);
            }
        }

        return results;
    }

    private void Tell(List<TestResult> results, List<Fault> faults, int diskFaults, TimeSpan elapsed)
    {
        var injected = faults.Count(f => f.Misbehaves);
        output.WriteLine($"{injected} faults and {faults.Count - injected} innocents of {Faults.All.Count + 1} sorts, and {diskFaults} faults of the disk, in {elapsed.TotalSeconds:0} s; {results.Count} results, seed {Seed}.");
        output.WriteLine(string.Join(", ", results.GroupBy(r => $"{r.Outcome} {r.Cause}".Trim()).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()}")));
        foreach (var kind in results.GroupBy(r => faults[r.Index].Kind))
        {
            var slowest = kind.Where(r => !double.IsNaN(r.DurationSeconds)).MaxBy(r => r.DurationSeconds)!;
            output.WriteLine($"{kind.Key}: {kind.Count()}, the slowest {slowest.DurationSeconds:0.00} s of {LimitSeconds + GraceSeconds} s: {slowest.Name}: {slowest.Message}");
        }
    }

    private static void AssertNothingLeft(string batch, int handles)
    {
        Faults.Never.TrySetResult(new AttemptReport());
        Assert.Empty(Processes(batch));
        var threads = new ConcurrentBag<string>();
        var clean = SpinWait.SpinUntil(
            () =>
            {
                threads = [.. Directory.GetDirectories("/proc/self/task").Select(NameOfThread).Where(n => n.StartsWith("PSRunner ", StringComparison.Ordinal))];
                return threads.IsEmpty && Handles().Count <= handles + 5;
            },
            TimeSpan.FromSeconds(20));
        Assert.True(clean, $"{Handles().Count} handles, {handles} before: {string.Join(", ", Handles())}; threads: {string.Join(", ", threads)}");
    }

    // By the marker that all of them inherit.
    private static List<string> Processes(string batch)
    {
        var left = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(Path.GetFileName(p)[0])))
        {
            try
            {
                if (File.ReadAllText(process + "/environ").Contains($"PSRUNNER_CASE={batch}/", StringComparison.Ordinal))
                {
                    left.Add(File.ReadAllText(process + "/cmdline").Replace('\0', ' '));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is another user's.
            }
        }

        return left;
    }

    private static string NameOfThread(string task)
    {
        try
        {
            return File.ReadAllText(task + "/comm");
        }
        catch (IOException)
        {
            return ""; // It ended meanwhile.
        }
    }

    // Without the assemblies that are loaded meanwhile.
    private static List<string> Handles() =>
        [.. Directory.GetFiles("/proc/self/fd").Select(f => File.ResolveLinkTarget(f, returnFinalTarget: false)?.FullName ?? "").Where(target => Path.GetExtension(target) is not (".dll" or ".pdb"))];
}
