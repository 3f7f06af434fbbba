using PSRunner.Engine.Commands;

namespace PSRunner.Engine.Tests.Commands;

/// <summary>Runs commands as real batches in a folder of their own.</summary>
internal sealed class CommandBatch : IDisposable
{
    public CommandBatch() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");

    public string Folder { get; } = Directory.CreateTempSubdirectory("psrunner-commands-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public CommandCaseOptions Sh(string script, params string[] arguments) =>
        new() { Command = "sh", Arguments = ["-c", script, "sh", .. arguments], CurrentFolder = Folder };

    public List<TestResult> Run(IEnumerable<CommandCaseOptions> cases, Func<BatchOptions, BatchOptions>? change = null) =>
        Run(cases.SelectMany(CommandCases.Create), change);

    public TestResult RunOne(CommandCaseOptions options, Func<BatchOptions, BatchOptions>? change = null) =>
        Assert.Single(Run([options], change));

    public static List<TestResult> RunToEnd(BatchSession session)
    {
        var results = new List<TestResult>();
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(30)))
            {
                results.Add(result);
            }
        }

        Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(30)));
        return [.. results.OrderBy(r => r.Index)];
    }

    public BatchSession Start(IEnumerable<TestCase> cases, Func<BatchOptions, BatchOptions>? change = null)
    {
        var options = new BatchOptions { OutputPath = Folder, ThrottleLimit = 4, RetryCount = 0 };
        using var builder = new BatchBuilder(change?.Invoke(options) ?? options, [new CommandExecutor()]);
        foreach (var testCase in cases)
        {
            builder.Add(testCase);
        }

        return builder.Start();
    }

    private List<TestResult> Run(IEnumerable<TestCase> cases, Func<BatchOptions, BatchOptions>? change) => RunToEnd(Start(cases, change));
}
