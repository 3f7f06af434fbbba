using PSRunner.Engine.Execution;
using PSRunner.Engine.Tests.Processes;
using PSRunner.Engine.Tests.Storage;
using PSRunner.Engine.Workers;

namespace PSRunner.Engine.Tests.Workers;

/// <summary>Workers that never become any.</summary>
[Collection(ProcessCollection.Name)]
public sealed class WorkerStartTests
{
    [Fact]
    public async Task A_worker_that_never_reads_what_it_is_to_prepare_is_ended_with_its_attempt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a program that does nothing.");
        using var folder = new TempFolder();
        var batch = Path.GetFileName(folder.FullPath);
        var executor = new WorkerExecutor(new WorkerOptions
        {
            Kind = "noop", Fingerprint = "noop/1", Command = () => new WorkerCommand("/bin/sleep", ["4720"]),
            Setup = new string('x', 1 << 20), // More than a pipe holds.
        });
        using var facts = new SessionFacts(batch, number: 1, Path.Combine(folder.FullPath, "scratch"), TimeSpan.FromSeconds(1), TimeProvider.System, static _ => { });
        using var pool = executor.BeginSession(facts);
        using var cancellation = new CancellationTokenSource();
        var context = new AttemptContext
        {
            Case = new TestCase("noop", "case"), CaseId = new string('0', 32), Attempt = 1, Try = 1, Time = TimeProvider.System,
            Limits = new AttemptLimits(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)),
        };

        var attempt = Task.Run(() => executor.RunAsync(context, cancellation.Token), TestContext.Current.CancellationToken);
        await TreeFixture.UntilAsync(() => TreeFixture.CountAlive(batch) == 1, "the program ran");
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt.Soon());
        await TreeFixture.UntilAsync(() => TreeFixture.CountAlive(batch) == 0, "it was ended");
    }
}
