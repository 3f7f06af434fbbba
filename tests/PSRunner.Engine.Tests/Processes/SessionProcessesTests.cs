using PSRunner.Engine.Execution;
using PSRunner.Engine.Tests.Storage;

namespace PSRunner.Engine.Tests.Processes;

/// <summary>What the executors of a session share that start processes.</summary>
[Collection(ProcessCollection.Name)]
public sealed class SessionProcessesTests
{
    [Fact]
    public void Attempts_that_are_the_first_to_ask_at_the_same_moment_share_one_keeper_and_none_is_made_after_the_end()
    {
        using var folder = new TempFolder();
        for (var round = 0; round < 20; round++)
        {
            using var facts = new SessionFacts("batch", number: 1, Path.Combine(folder.FullPath, "scratch"), TimeSpan.FromSeconds(1), TimeProvider.System, static _ => { });
            using var go = new Barrier(4);
            var found = new object[4];
            var attempts = Enumerable.Range(0, found.Length).Select(i => new Thread(() =>
            {
                go.SignalAndWait(TreeFixture.Patience);
                found[i] = facts.Processes;
            })).ToList();
            attempts.ForEach(attempt => attempt.Start());
            attempts.ForEach(attempt => Assert.True(attempt.Join(TreeFixture.Patience)));

            Assert.Single(found.Distinct());
            facts.Dispose();
            Assert.Throws<ObjectDisposedException>(() => facts.Processes);
        }
    }
}
