using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Scheduling;
using PSRunner.Engine.Storage;
using PSRunner.Engine.Tests.Storage;

namespace PSRunner.Engine.Tests;

/// <summary>What the conductor hears of the disk.</summary>
public sealed class SessionJournalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly RunFolder Folder = new("/batches/tests");
    private static readonly FakePlan Plan = new(1_000);

    private readonly object _gate = new();
    private readonly List<SchedulerEvent> _events = [];
    private readonly List<string> _notes = [];

    [Fact]
    public void Starts_that_wait_for_sealing_go_on_when_the_parts_are_written()
    {
        using var sealing = new ManualResetEventSlim();
        var files = new MemoryFiles
        {
            Before = (_, words) =>
            {
                if (words.Contains("part-", StringComparison.Ordinal))
                {
                    sealing.Wait(Patience);
                }
            },
        };
        using var journal = Open(files, resultsPerFile: 10);
        for (var i = 0; i < 100; i += 10)
        {
            for (var n = 0; n < 10; n++)
            {
                journal.Ended(Plan.Result(i + n), []);
            }

            // One group, one file: the next result turns it.
            WaitFor(() => _events.OfType<SchedulerEvent.ResultsDurable>().Sum(e => e.Count) == i + 10);
        }

        WaitFor(() => GateMoves(Gate.Seal).Count == 1);
        Assert.Equal([true], GateMoves(Gate.Seal));
        sealing.Set();
        WaitFor(() => GateMoves(Gate.Seal).Count == 2);
        Assert.Equal([true, false], GateMoves(Gate.Seal));

        Assert.Equal(0, journal.Close(Patience));
        Assert.Empty(files.List(Folder.JournalFolder));
        Assert.True(files.List(Folder.ResultsFolder).Count >= 6);
        Assert.Equal(100, new ResultReader(Folder, Plan, files).Read().Count());
    }

    [Fact]
    public void A_disk_that_does_not_answer_holds_up_starts_before_too_much_waits_for_it()
    {
        using var answers = new ManualResetEventSlim();
        using var journal = Open(new MemoryFiles { Before = (_, _) => answers.Wait(Patience) });

        // Retries make records and no results; ten thousand attempts (the highest throttle) begin and end once more after the gate.
        var starts = 0;
        for (; GateMoves().Count == 0; starts++)
        {
            journal.Started(default, 0, starts, tellWhenWritten: false);
        }

        for (var i = 0; i < 30_000; i++)
        {
            journal.AttemptEnded(0, starts, Causes.Throttled, "", 0);
        }

        Assert.Equal([true], GateMoves());
        answers.Set();
        WaitFor(() => GateMoves().Count == 2);
        Assert.Equal([true, false], GateMoves());
    }

    [Fact]
    public void Files_that_wait_for_a_slow_disk_hold_up_starts_before_they_fill_the_memory()
    {
        using var answers = new ManualResetEventSlim();
        var files = new MemoryFiles
        {
            Before = (_, words) =>
            {
                if (words.Contains("a.txt", StringComparison.Ordinal))
                {
                    answers.Wait(Patience);
                }
            },
        };
        using var journal = Open(files);
        Artifact[] file = [new("a.txt", new byte[8 << 20])];
        var results = 0;
        for (; GateMoves(Gate.Journal).Count == 0; results++)
        {
            journal.Ended(Plan.Result(results), file);
        }

        Assert.Equal(16, results);
        Assert.Equal([true], GateMoves(Gate.Journal));
        answers.Set();
        WaitFor(() => GateMoves(Gate.Journal).Count == 2 && _events.OfType<SchedulerEvent.ResultsDurable>().Sum(e => e.Count) == 16);
        Assert.Equal([true, false], GateMoves(Gate.Journal));
    }

    [Fact]
    public void A_journal_that_broke_ends_the_session_at_once_and_not_when_it_has_stalled()
    {
        using var journal = Open(new MemoryFiles { Before = (_, _) => throw new InvalidOperationException("a bug") });
        journal.Ended(Plan.Result(0), []);
        WaitFor(() => _events.OfType<SchedulerEvent.EndRequested>().Any());

        var end = _events.OfType<SchedulerEvent.EndRequested>().Single();
        Assert.Equal(BatchStates.Stopped, end.State);
        Assert.Contains("a bug", end.Message, StringComparison.Ordinal);
        Assert.Equal(1, journal.Close(Patience));
    }

    private List<bool> GateMoves(Gate? gate = null)
    {
        lock (_gate)
        {
            return [.. _events.OfType<SchedulerEvent.GateMoved>().Where(e => gate is null || e.Gate == gate).Select(e => e.Closed)];
        }
    }

    private SessionJournal Open(MemoryFiles files, int resultsPerFile = 10_000)
    {
        var journal = new SessionJournal(
            Folder, files,
            new JournalOptions
            {
                BatchId = Plan.BatchId,
                Schema = Plan.Schema,
                Session = new SessionRecord(1, FakePlan.Start, "{}"),
                Open = new OpenSet(),
                ResultsPerFile = resultsPerFile,
            },
            new PartSealer(Folder, files, Plan, new Dictionary<int, Dictionary<int, bool>>(), static () => { }),
            0, new Meter(TimeProvider.System, new int[Outcomes.All.Count]), new ResultQueue(_ => { }), note => Change(() => _notes.Add(note)), TimeProvider.System);
        journal.Connect(happened => Change(() => _events.Add(happened)));
        return journal;
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            Monitor.PulseAll(_gate);
        }
    }

    private void WaitFor(Func<bool> condition)
    {
        lock (_gate)
        {
            while (!condition())
            {
                Assert.True(Monitor.Wait(_gate, Patience), "It did not happen.");
            }
        }
    }
}
