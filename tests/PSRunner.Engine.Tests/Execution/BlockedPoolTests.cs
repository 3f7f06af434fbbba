using PSRunner.Engine.Commands;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Tests.Commands;

namespace PSRunner.Engine.Tests.Execution;

/// <summary>What works when code of tests, or of the user's shell, blocks every thread of the pool.</summary>
[Collection(nameof(ConductorTests))]
public sealed class BlockedPoolTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-pool-").FullName;
    private readonly ManualResetEventSlim _release = new();

    public void Dispose()
    {
        _release.Set();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Commands_are_ended_at_their_limit_and_others_go_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        var options = new BatchOptions { OutputPath = _folder, ThrottleLimit = 8, TestTimeoutSeconds = 1, GracePeriodSeconds = 5, RetryCount = 0 };
        using var builder = new BatchBuilder(options, [new NoopExecutor(Block), new CommandExecutor()]);
        builder.Add(new TestCase("noop", "blocks"));
        foreach (var command in CommandCases.Create(new CommandCaseOptions { Command = "sleep", Arguments = ["1000"], CurrentFolder = _folder }).Concat(Fine()))
        {
            builder.Add(command);
        }

        using var session = builder.Start();
        var results = CommandBatch.RunToEnd(session);

        Assert.Equal(BatchStates.Completed, session.Batch.State);
        Assert.Equal(0, session.GetProgress().Zombies);
        Assert.Equal([Causes.None, Causes.TestTimeout, .. Enumerable.Repeat(Causes.None, 20)], results.Select(r => r.Cause));
        Assert.DoesNotContain("abandoned", results[1].Message, StringComparison.Ordinal);
        Assert.InRange(results[1].DurationSeconds, 1, 1 + 5 + 1);
    }

    private IEnumerable<TestCase> Fine() => Enumerable.Range(0, 20).SelectMany(n =>
        CommandCases.Create(new CommandCaseOptions { Command = "true", Arguments = [$"{n}"], CurrentFolder = _folder, TestTimeoutSeconds = 60 }));

    // Far more than the pool has threads for, or makes in that time.
    private Task<AttemptReport> Block(AttemptContext context, CancellationToken cancellation)
    {
        for (var i = 0; i < 300; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => _release.Wait(Patience), null);
        }

        return Task.FromResult(new AttemptReport());
    }
}
