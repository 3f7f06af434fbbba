using System.Globalization;
using System.IO.Hashing;
using System.Text;
using PSRunner.Engine;
using PSRunner.Engine.Storage;

namespace PSRunner.CrashCampaign;

/// <summary>The process that is killed: starts the batch of a folder or goes on with it, and prints each result it takes.</summary>
internal static class Child
{
    /// <summary>Printed before anything is opened.</summary>
    public const string Begins = "begins";

    /// <summary>Printed when the session runs: its number and the cases that were pending.</summary>
    public const string Opened = "opened";

    /// <summary>Printed with a result that was taken.</summary>
    public const string Saw = "saw";

    /// <summary>Printed when the session is closed: its state.</summary>
    public const string Ended = "ended";

    /// <summary>Said in place of an outcome that runs again, and of a changed plan.</summary>
    public const string Nothing = "none";

    /// <summary>Asks for the changed plan.</summary>
    public const string Changed = "changed";

    /// <summary>Cases that the changed plan has more than the first one.</summary>
    public const int MoreCases = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static int Run(string root, int cases, string retry, string plan)
    {
        Console.WriteLine(Begins);
        if (plan == Changed && RunFolderIn(root) is { } changed)
        {
            using var change = ChangedPlan(cases);
            change.Apply(changed);
        }

        var session = RunFolderIn(root) is { } folder
            ? BatchSession.Resume(folder, new ResumeOptions { RetryOutcome = retry == Nothing ? [] : [retry] }, [new MixedExecutor()])
            : Start(root, cases);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Opened} {session.ToRun}"));
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
            {
                Console.WriteLine(Line(result));
            }
        }

        session.WaitForEnd(Patience);
        Console.WriteLine($"{Ended} {session.Batch.State} {session.Batch.Message} {string.Join(' ', session.TakeNotes())}");
        return 0;
    }

    /// <summary>Repairs a batch.</summary>
    public static int Repair(string runFolder)
    {
        Console.WriteLine(Begins);
        return BatchRepair.Run(runFolder).Healthy ? 0 : 1;
    }

    /// <summary>The one batch under a root; null while there is none.</summary>
    public static string? RunFolderIn(string root) =>
        Directory.EnumerateDirectories(root).SingleOrDefault(folder => File.Exists(Path.Combine(folder, "batch.json")));

    /// <summary>A result as the ledger keeps it.</summary>
    public static string Line(TestResult r) =>
        string.Create(CultureInfo.InvariantCulture, $"{Saw} {r.Index} {r.Attempt} {r.Outcome} {r.Id} {Hash(r)}");

    private static BatchSession Start(string root, int cases)
    {
        var options = new BatchOptions { OutputPath = root, Name = "campaign", ThrottleLimit = 16, GracePeriodSeconds = 0.1, ResultsPerFile = 20 };
        using var builder = new BatchBuilder(options, [new MixedExecutor()]);
        foreach (var testCase in MixedExecutor.Plan(cases, new Random(cases)))
        {
            builder.Add(testCase);
        }

        return builder.Start();
    }

    // Without every tenth case, and with some more.
    private static PlanChange ChangedPlan(int cases)
    {
        var change = new PlanChange([new MixedExecutor()]);
        foreach (var testCase in MixedExecutor.Plan(cases, new Random(cases)).Where((_, i) => i % 10 != 3).Concat(MixedExecutor.More(cases, MoreCases)))
        {
            change.Add(testCase);
        }

        change.Freeze();
        return change;
    }

    private static string Hash(TestResult r)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{r.Id}|{r.Session}|{r.Cause}|{r.FaultDomain}|{r.Scored}|{r.Score:R}|{r.Kind}|{r.Name}|{r.DurationSeconds:R}|{r.StartedAt:O}|{r.Message}|{r.Output}|{r.ArtifactPath}|{r.Batch}|{r.OtherMetrics}|{string.Join(';', r.ParameterValues)}|{string.Join(';', r.MetricValues)}");
        return Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(text)));
    }
}
