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
        Assert.False(Guard(_ => { }, standsStill: () => killed++));
        Assert.Equal(1 + BatchGuardian.MostRestarts, killed);
        Assert.Contains("did not move for 0.3 s and was killed", BatchCatalog.Read(_runFolder).Message, StringComparison.Ordinal);
    }

    private bool Guard(Action<int> live, Action? standsStill = null)
    {
        using var guardian = new BatchGuardian(
            _runFolder,
            inPlace =>
            {
                _starts.Add(inPlace);
                return new PlayedProcess(() => live(_starts.Count - 1), standsStill);
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

    private sealed class PlayedProcess(Action live, Action? onKill) : IGuardedProcess
    {
        private bool _lived;

        public int Id => 4711;

        public string HowItEnded => "played";

        public bool WaitForEnd(TimeSpan limit)
        {
            if (!_lived)
            {
                _lived = true;
                live();
            }

            if (onKill is null)
            {
                return true;
            }

            Thread.Sleep(limit);
            return false;
        }

        public bool Kill(TimeSpan limit)
        {
            onKill!();
            return true;
        }

        public void Dispose()
        {
        }
    }
}
