using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Tests.Processes;

/// <summary>Many kills at any moment of a tree's life, counted afterwards. PSRUNNER_LONG_TESTS=1 runs all 1,000.</summary>
[Collection(ProcessCollection.Name)]
public sealed class KillCampaignTests(TreeFixture fixture) : IClassFixture<TreeFixture>
{
    private const int AtOnce = 8;

    private static int Kills => Environment.GetEnvironmentVariable("PSRUNNER_LONG_TESTS") == "1" ? 1000 : 200;

    [Fact]
    public async Task Kills_with_grandchildren_leave_no_process_zombie_or_handle()
    {
        string[] scripts =
        [
            "sleep 1000 & sh -c 'sleep 1000 & sleep 1000'",
            "sh -c 'sleep 1000 & sleep 1000 &'; sleep 1000",
            "(setsid sh -c 'trap \"\" TERM; sleep 1000 & sleep 1000' &); sleep 1000",
            "setsid sh -c '(setsid sleep 1000 &); sleep 1000' & exit 0",
            "trap '' TERM; while :; do setsid sleep 1000 & sleep 0.001; done",
        ];
        await OneAsync(scripts[0], 1, TimeSpan.Zero);
        var handles = CountHandles();

        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            while (Interlocked.Increment(ref next) is var n && n <= Kills)
            {
                await OneAsync(scripts[n % scripts.Length], random.Next(30), n % 2 == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(random.Next(1, 40)));
            }
        })));

        Assert.Equal(0, fixture.CountAlive());
        await TreeFixture.UntilAsync(() => TreeFixture.CountZombies() == 0, "all zombies were reaped");
        await TreeFixture.UntilAsync(() => CountHandles() <= handles + 5, "all handles were closed");
    }

    [Fact]
    public async Task Two_thousand_short_programs_leave_nothing()
    {
        await fixture.RunAsync(fixture.Program("true"));
        var handles = CountHandles();

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, _) =>
            Assert.Equal(0, (await fixture.RunAsync(fixture.Program("true"))).Exit.ExitCode));

        Assert.Equal(0, TreeFixture.CountZombies());
        await TreeFixture.UntilAsync(() => CountHandles() <= handles + 5, "all handles were closed");
    }

    [Fact]
    public async Task A_disposed_component_has_ended_everything_and_takes_its_thread_and_handles_along()
    {
        await fixture.RunAsync(fixture.Program("true"));
        var handles = CountHandles();
        for (var i = 0; i < 20; i++)
        {
            var trees = ProcessTrees.Create();
            using var go = new ManualResetEventSlim();
            var starts = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                go.Wait(TreeFixture.Patience);
                try
                {
                    while (true)
                    {
                        trees.Start(fixture.Sh("(setsid sleep 1000 &); sleep 1000"));
                    }
                }
                catch (ObjectDisposedException)
                {
                    // What this test is about: starts race with the end.
                }
            })).ToArray();
            go.Set();
            await Task.Delay(i, TestContext.Current.CancellationToken);

            trees.Dispose();

            await Task.WhenAll(starts);
            await TreeFixture.UntilAsync(() => fixture.CountAlive() == 0, "nothing was left");
        }

        // The system lists a thread for a moment after it was joined; one that stayed would be listed for good. One is the fixture's.
        await TreeFixture.UntilAsync(() => CountThreads("PSRunner proces") == 1 && CountThreads("PSRunner output") == 0, "all threads were gone");
        await TreeFixture.UntilAsync(() => CountHandles() <= handles + 5, "all handles were closed");
    }

    private static int CountThreads(string prefix)
    {
        var count = 0;
        foreach (var task in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                count += File.ReadAllText(task + "/comm").StartsWith(prefix, StringComparison.Ordinal) ? 1 : 0;
            }
            catch (IOException)
            {
                // A thread of the pool that just ended.
            }
        }

        return count;
    }

    private static int CountHandles() => Directory.GetFiles("/proc/self/fd").Length;

    private async Task OneAsync(string script, int milliseconds, TimeSpan grace)
    {
        var tree = fixture.Trees.Start(fixture.Sh(script));
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);

        Assert.Empty((await tree.EndAsync(grace).Soon()).Survivors);
    }
}
