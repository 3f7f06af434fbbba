using PSRunner.Engine.Processes;
using PSRunner.Engine.Processes.Unix;

namespace PSRunner.Engine.Tests.Processes;

/// <summary>Every way we know to leave something behind, ended by force and by the program's own end.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ProcessTreeEndTests(TreeFixture fixture) : IClassFixture<TreeFixture>
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    // {0} stands for what the program does last: wait for ever, or end. {1} for the batch, where the environment does not tell it.
    public static TheoryData<string, string> Hostile => new()
    {
        { "plain tree", "sleep 1000 & sh -c 'sleep 1000 & sleep 1000' & echo ready; {0}" },
        { "middle parent gone", "sh -c 'sleep 1000 & sleep 1000 &'; echo ready; {0}" },
        { "daemon with its own session, forked twice", "(setsid sh -c 'sleep 1000 & sleep 1000' >/dev/null 2>&1 &); sleep 0.1; echo ready; {0}" },
        { "daemon that cleared its environment and holds stdout", "setsid env -i sh -c 'sleep 1000; :' {1} & sleep 0.1; echo ready; {0}" },
        { "the same, its parent gone", "(setsid env -i sh -c 'sleep 1000; :' {1} &) ; sleep 0.1; echo ready; {0}" },
        { "holds stdout open", "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.2; done' & sleep 0.1; echo ready; {0}" },
        { "ignores SIGTERM", "trap '' TERM; sleep 1000 & echo ready; {0}" },
        { "stopped child", "sleep 1000 & kill -STOP $!; echo ready; {0}" },
        { "stopped itself with a daemon about", "(setsid sleep 1000 &); sh -c 'kill -STOP $$' & sleep 0.1; echo ready; {0}" },
        { "zombie maker", "for i in 1 2 3 4 5 6 7 8; do (sh -c 'exit 0' & exec sleep 1000) & done; echo ready; {0}" },
        { "daemons that die at once", "for i in 1 2 3 4 5 6 7 8; do (setsid sh -c 'exit 0' &) ; done; echo ready; {0}" },
        { "deletes its working directory", "mkdir w$$; cd w$$; sleep 1000 & rmdir \"$PWD\"; echo ready; {0}" },
        { "sessions below sessions", "setsid sh -c '(setsid sh -c \"(setsid sleep 1000 &); sleep 1000\" &); sleep 1000' & sleep 0.2; echo ready; {0}" },
    };

    [Fact]
    public async Task No_keeper_takes_the_program_of_another_for_a_dead_orphan()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        var (proc, nobody) = (new ProcFiles(), new Dictionary<int, UnixProcessTree>());
        var (error, program) = (0, 0);
        var start = OwnPrograms.BeginStart();

        // The children of a thread that ended are the main thread's, among which orphans are looked for.
        var starter = new Thread(() => error = PosixSpawn.Start(
            "/bin/true", [], new Dictionary<string, string>(), "/", [new(0, "/dev/null"), new(1, "/dev/null", Write: true), new(2, null, Source: 1)], out program));
        starter.Start();
        Assert.True(starter.Join(TreeFixture.Patience));
        OwnPrograms.Add(program);
        OwnPrograms.EndStart(start);
        Assert.Equal(0, error);
        await TreeFixture.UntilAsync(() => proc.TryReadEntry(program, out var entry) && entry.Dead, "it had ended");

        var other = new LinuxProcessTrees();
        for (var look = 0; look < 5; look++)
        {
            other.ReapOrphans(nobody);
        }

        Assert.True(proc.TryReadEntry(program, out _), "Its own keeper could not tell how it ended.");
        OwnPrograms.Remove(program);
        await TreeFixture.UntilAsync(() =>
        {
            other.ReapOrphans(nobody);
            return !proc.TryReadEntry(program, out _);
        }, "a dead child that is nobody's was reaped");
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Killed_at_once_nothing_is_left(string name, string script) => await EndAndCount(name, script, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Asked_then_killed_nothing_is_left(string name, string script) => await EndAndCount(name, script, Short);

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task When_the_program_ends_its_leftovers_end_too(string name, string script)
    {
        var options = fixture.Sh(Fill(script, "exit 7"));

        var (exit, _) = await fixture.RunAsync(options);

        Assert.Equal(7, exit.ExitCode);
        AssertGone(name, exit);
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task When_the_program_is_killed_from_outside_its_leftovers_end_too(string name, string script)
    {
        var tree = await fixture.StartReadyAsync(Fill(script, "while :; do sleep 1; done"));
        using (var process = System.Diagnostics.Process.GetProcessById(tree.Pid))
        {
            process.Kill();
        }

        var exit = await tree.WaitAsync(TestContext.Current.CancellationToken).Soon();

        Assert.Equal("SIGKILL", exit.Signal);
        AssertGone(name, exit);
    }

    [Fact]
    public async Task A_program_that_heeds_the_request_has_its_grace()
    {
        var tree = await fixture.StartReadyAsync("trap 'sleep 0.3; echo saved; exit 5' TERM; echo ready; while :; do sleep 0.05; done");

        var exit = await tree.EndAsync(TimeSpan.FromSeconds(20)).Soon();

        Assert.Equal(5, exit.ExitCode);
    }

    [Fact]
    public async Task A_child_that_heeds_the_request_has_its_grace_though_the_program_is_gone()
    {
        var saved = Path.Combine(fixture.Folder, "saved");
        var tree = await fixture.StartReadyAsync($"sh -c 'trap \"sleep 0.3; echo x >{saved}; exit 0\" TERM; echo ready; while :; do sleep 0.05; done' & exec sleep 1000");

        var exit = await tree.EndAsync(TimeSpan.FromSeconds(20)).Soon();

        Assert.Equal("SIGTERM", exit.Signal);
        Assert.True(File.Exists(saved));
    }

    [Fact]
    public async Task A_stopped_program_is_woken_to_heed_the_request()
    {
        var tree = await fixture.StartReadyAsync("trap 'exit 5' TERM; echo ready; kill -STOP $$; while :; do sleep 0.05; done");

        Assert.Equal(5, (await tree.EndAsync(TimeSpan.FromSeconds(20)).Soon()).ExitCode);
    }

    [Fact]
    public async Task A_later_request_can_cut_the_grace_short()
    {
        var tree = await fixture.StartReadyAsync("trap '' TERM; echo ready; while :; do sleep 1; done");

        var first = tree.EndAsync(TimeSpan.FromHours(1));
        await tree.EndAsync(TimeSpan.Zero).Soon();

        Assert.Equal("SIGKILL", (await first.Soon()).Signal);
    }

    [Fact]
    public async Task A_fork_bomb_of_200_is_ended()
    {
        // Each forks two and waits; half of them in sessions of their own.
        var tree = await fixture.StartReadyAsync(
            "f() { [ $1 -gt 0 ] || exec sleep 1000; f $(($1-1)) & setsid sh -c 'sleep 1000 & sleep 1000' & sleep 1000; }; for i in 1 2 3 4 5; do f 9 & done; sleep 1; echo ready; sleep 1000");
        Assert.True(fixture.CountAlive() > 150);

        var exit = await tree.EndAsync(TimeSpan.Zero).Soon();

        AssertGone("fork bomb", exit);
        Assert.True(exit.Strays > 10);
    }

    [Fact]
    public async Task Neighbours_of_an_ended_tree_live_on()
    {
        var neighbour = await fixture.StartReadyAsync("(setsid sleep 1000 &); sleep 0.1; echo ready; sleep 1000");
        using var own = System.Diagnostics.Process.Start("sleep", "1000");
        var alive = fixture.CountAlive();

        var tree = await fixture.StartReadyAsync("(setsid sleep 1000 &); sleep 0.1; echo ready; sleep 1000");
        await tree.EndAsync(TimeSpan.Zero).Soon();

        Assert.Equal(alive, fixture.CountAlive());
        Assert.False(own.HasExited);
        own.Kill();
        Assert.True(own.WaitForExit(10_000));
        Assert.Equal(137, own.ExitCode);
        await neighbour.EndAsync(TimeSpan.Zero).Soon();
    }

    [Fact]
    public async Task Trees_end_while_every_pool_thread_is_blocked()
    {
        var tree = await fixture.StartReadyAsync("(setsid sleep 1000 &); sleep 0.1; echo ready; sleep 1000");
        using var release = new ManualResetEventSlim();
        var blocked = Enumerable.Range(0, 200).Select(_ => Task.Run(() => release.Wait(TreeFixture.Patience))).ToArray();
        try
        {
            var end = tree.EndAsync(Short);

            Assert.True(SpinWait.SpinUntil(() => fixture.CountAlive() == 0, TimeSpan.FromSeconds(10)));
            Assert.True(SpinWait.SpinUntil(() => end.IsCompleted, TimeSpan.FromSeconds(10)));
        }
        finally
        {
            release.Set();
            await Task.WhenAll(blocked);
        }
    }

    private string Fill(string script, string last) =>
        script.Replace("{0}", last, StringComparison.Ordinal).Replace("{1}", fixture.Batch, StringComparison.Ordinal);

    [Fact]
    public async Task A_daemon_without_environment_and_output_is_ended_while_its_parent_lives()
    {
        var tree = await fixture.StartReadyAsync(Fill("setsid env -i sh -c 'sleep 1000; :' {1} >/dev/null 2>&1 & sleep 0.1; echo ready; {0}", "sleep 1000"));

        AssertGone("parent alive", await tree.EndAsync(TimeSpan.Zero).Soon());
    }

    private async Task EndAndCount(string name, string script, TimeSpan grace)
    {
        var tree = await fixture.StartReadyAsync(Fill(script, "while :; do sleep 1; done"));

        AssertGone(name, await tree.EndAsync(grace).Soon());
    }

    private void AssertGone(string name, ProcessExit exit)
    {
        Assert.Empty(exit.Survivors);
        Assert.True(fixture.CountAlive() == 0, $"Something is left of: {name}");
    }
}
