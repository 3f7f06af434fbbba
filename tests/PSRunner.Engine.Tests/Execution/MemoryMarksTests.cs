using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Execution;

public class MemoryMarksTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Above_the_soft_mark_nothing_starts_until_there_is_room_again()
    {
        var marks = new MemoryMarks(_time);
        Assert.Empty(Look(marks, used: 0.84));
        Assert.Equal(["closed"], Look(marks, used: 0.86));
        Assert.Empty(Look(marks, used: 0.82));
        Assert.Equal(["open"], Look(marks, used: 0.79));
    }

    [Fact]
    public void Above_the_hard_mark_room_is_asked_for_once_a_second_and_twice_as_much_at_each_look_while_use_rises()
    {
        var marks = new MemoryMarks(_time);
        Assert.Equal(["closed", "short"], Look(marks, used: 0.95));
        Assert.Empty(Look(marks, used: 0.95));
        Assert.Equal(["short by 2"], Look(marks, used: 0.96));
        Assert.Empty(Look(marks, used: 0.955));
        Assert.Equal(["short by 4"], Look(marks, used: 0.97));
        Assert.Equal(["short by 5"], Look(marks, used: 0.98));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["short"], Look(marks, used: 0.95));
        Assert.Empty(Look(marks, used: 0.9));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["short"], Look(marks, used: 0.97));
    }

    [Fact]
    public void A_machine_that_others_fill_still_runs_one_test_at_a_time()
    {
        var marks = new MemoryMarks(_time);
        Assert.Empty(Look(marks, used: 0.9, running: 0));
        Assert.Equal(["closed"], Look(marks, used: 0.9));
        Assert.Equal(["open"], Look(marks, used: 0.9, running: 0));
    }

    [Fact]
    public void The_machine_is_asked()
    {
        var now = MemoryReading.Now(children: 0);
        Assert.InRange(now.Used, 0.001, 1);
        Assert.True(MemoryReading.Now(children: now.Free).Used > now.Used);
        Assert.Equal(0, new MemoryReading(0, 0).Used);
    }

    private static IEnumerable<string> Look(MemoryMarks marks, double used, int running = 5) =>
        marks.Look(new MemoryReading(1_000_000, (long)(1_000_000 * (1 - used))), running).Select(e => e switch
        {
            SchedulerEvent.GateMoved { Gate: Gate.Memory, Closed: var closed, Lane: -1 } => closed ? "closed" : "open",
            SchedulerEvent.MemoryShort { Youngest: var count } => count == 1 ? "short" : $"short by {count}",
            _ => e.ToString(),
        });
}
