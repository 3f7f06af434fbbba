using PSRunner.Engine.Detached;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Observation;

/// <summary>The guardian of a detached batch with processes that are played.</summary>
public sealed class BatchGuardianTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-guardian-").FullName;
    private readonly string _runFolder;
    private readonly List<bool> _starts = [];

    public BatchGuardianTests()
    {
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = _folder }, [new NoopExecutor((_, _) => Task.FromResult(new AttemptReport { Score = 1 }))]);
        builder.Add(new TestCase("noop", "case"));
        builder.Prepare();
        _runFolder = builder.RunFolder;
    }

    private string GuardianFile => Path.Combine(_runFolder, "guardian.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_batch_that_ends_in_order_is_left_alone()
    {
        Assert.True(Guard(_ => RunToEnd()));
        Assert.Equal([false], _starts);
        Assert.False(File.Exists(GuardianFile));
        Assert.Equal(BatchStates.Completed, BatchCatalog.Read(_runFolder).State);
    }

    [Fact]
    public void One_that_dies_is_started_again_three_times_and_then_no_more()
    {
        Assert.False(Guard(_ => { }));

        // No process ever wrote a status: none took over from another.
        Assert.Equal([false, false, false, false], _starts);
        var batch = BatchCatalog.Read(_runFolder);
        Assert.Equal(BatchGuardian.MostRestarts, GuardianInfo.TryRead(new RunFolder(_runFolder))!.Restarts);
        Assert.Equal("Its process 4711 died: played, after 3 restarts: its guardian gave up. detached.log in its run folder may say why.", batch.Message);
    }

    [Fact]
    public void One_that_comes_through_at_last_is_told_of_until_it_has_ended()
    {
        var seen = "";
        Assert.True(Guard(start =>
        {
            if (start == 2)
            {
                seen = BatchCatalog.Read(_runFolder).Message;
                RunToEnd();
            }
        }));

        Assert.Equal(3, _starts.Count);
        Assert.Equal("Its process 4711 died: played; its guardian started it again (2 of at most 3).", seen);
        Assert.Equal("", BatchCatalog.Read(_runFolder).Message);
    }

    [Fact]
    public void One_that_stands_still_is_killed()
    {
        var killed = 0;
        Assert.False(Guard(_ => { }, stands: new() { Moves = true, OnKill = () => killed++ }));
        Assert.Equal(1 + BatchGuardian.MostRestarts, killed);
        Assert.Contains("did not move for 0.3 s and was killed, after 3 restarts", BatchCatalog.Read(_runFolder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_has_not_begun_to_move_has_longer()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.False(Guard(_ => { }, stands: new() { CannotBeKilled = true }));

        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(1.5), $"{clock.Elapsed}");
        Assert.Equal("Its process 4711 did not move for 1.5 s and cannot be killed: its guardian gave up. detached.log in its run folder may say why.", BatchCatalog.Read(_runFolder).Message);
    }

    [Fact]
    public void One_that_the_machine_cannot_start_is_started_again()
    {
        Assert.True(Guard(start =>
        {
            if (start == 1)
            {
                RunToEnd();
            }
        }, failures: 1));

        Assert.Equal(2, _starts.Count);
        Assert.False(File.Exists(GuardianFile));
    }

    [Fact]
    public void When_the_guardian_is_gone_too_its_word_on_a_restart_is_not_repeated()
    {
        var owner = OwnerInfo.Current(new RunFolder(_runFolder), session: 0) with { ProcessId = 1 };
        new GuardianInfo(owner, Child: 4711, Restarts: 1, "Its process 4710 died; its guardian started it again (1 of at most 3).").Write(new RunFolder(_runFolder));

        var batch = BatchCatalog.Read(_runFolder);
        Assert.Equal((BatchStates.Lost, "Its process and its guardian are gone without having closed it."), (batch.State, batch.Message));
    }

    [Fact]
    public void A_guardian_whose_process_came_second_leaves_the_first_one_s_word()
    {
        Assert.True(Guard(_ =>
        {
            RunToEnd();
            var first = OwnerInfo.Current(new RunFolder(_runFolder), session: 0) with { ProcessId = 1 };
            new GuardianInfo(first, Child: 4711, Restarts: 0, "").Write(new RunFolder(_runFolder));
        }));

        Assert.True(File.Exists(GuardianFile));
    }

    private bool Guard(Action<int> live, Still? stands = null, int failures = 0)
    {
        using var guardian = new BatchGuardian(
            _runFolder,
            inPlace =>
            {
                _starts.Add(inPlace);
                return _starts.Count <= failures
                    ? throw new System.ComponentModel.Win32Exception(11)
                    : new PlayedProcess(() => live(_starts.Count - 1), Path.Combine(_runFolder, "status.json"), stands);
            },
            TimeSpan.FromSeconds(0.3), TimeProvider.System, _ => { });
        return guardian.Run();
    }

    private void RunToEnd()
    {
        using var session = BatchSession.Resume(_runFolder, new ResumeOptions(), [new NoopExecutor((_, _) => Task.FromResult(new AttemptReport { Score = 1 }))]);
        while (!session.Results.IsCompleted)
        {
            session.Results.TryTake(out _, TimeSpan.FromSeconds(1));
        }

        Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(30)));
    }

    /// <summary>A process that stands still: from its start, or when it has written its status once.</summary>
    private sealed record Still
    {
        public bool Moves { get; init; }

        public bool CannotBeKilled { get; init; }

        public Action OnKill { get; init; } = static () => { };
    }

    private sealed class PlayedProcess(Action live, string status, Still? stands) : IGuardedProcess
    {
        private bool _lived;
        private bool _moved;

        public int Id => 4711;

        public string HowItEnded => "played";

        public bool ExitedWell => false;

        public bool WaitForEnd(TimeSpan limit)
        {
            if (!_lived)
            {
                _lived = true;
                live();
            }

            if (stands is null)
            {
                return true;
            }

            if (stands.Moves && !_moved)
            {
                _moved = true;
                File.WriteAllText(status, "");
            }

            Thread.Sleep(limit);
            return false;
        }

        public bool Kill(TimeSpan limit)
        {
            stands!.OnKill();
            return !stands.CannotBeKilled;
        }

        public void Dispose()
        {
        }
    }
}
