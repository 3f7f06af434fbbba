using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Observation;

namespace PSRunner.Engine.Tests.Observation;

public sealed class MeterTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Counts_go_on_from_earlier_sessions()
    {
        var meter = new Meter(_time, [3, 2, 1, 0, 0, 4]);
        meter.Count([Ended(Outcomes.Passed)]);
        meter.Count([Ended(Outcomes.TimedOut)]);

        var progress = meter.Read(new TestProgress { Planned = 20 });

        Assert.Equal((12, 4, 2, 1, 1, 0, 4), (progress.Done, progress.Passed, progress.Failed, progress.Errored, progress.TimedOut, progress.Crashed, progress.Skipped));
    }

    [Fact]
    public void The_rate_is_that_of_the_last_minute_and_gives_the_time_left()
    {
        var meter = new Meter(_time, new int[6]);
        for (var second = 0; second < 300; second++)
        {
            for (var i = 0; i < (second < 200 ? 9 : 2); i++)
            {
                meter.Count([Ended(Outcomes.Passed)]);
            }

            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var progress = meter.Read(new TestProgress { Planned = 3000 });

        Assert.Equal(2, progress.Rate, 0.1);
        Assert.Equal((3000 - 2000) / progress.Rate, progress.LeftSeconds, 1e-9);
    }

    [Fact]
    public void Without_a_result_in_this_session_there_is_no_rate()
    {
        var progress = new Meter(_time, [5, 0, 0, 0, 0, 0]).Read(new TestProgress { Planned = 10 });

        Assert.True(double.IsNaN(progress.Rate));
        Assert.True(double.IsNaN(progress.LeftSeconds));
    }

    [Fact]
    public void A_long_pause_empties_the_minute()
    {
        var meter = new Meter(_time, new int[6]);
        meter.Count([Ended(Outcomes.Failed)]);
        _time.Advance(TimeSpan.FromHours(3));

        Assert.Equal(0, meter.Read(new TestProgress { Planned = 10 }).Rate);
    }

    private static TestResult Ended(string outcome) => new() { Id = new string('0', 32), Kind = "noop", Name = "one", Outcome = outcome };
}
