using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Tests.Execution;

public class AttemptContextTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_clock_that_is_held_stands_still_until_it_starts_and_two_minutes_at_most()
    {
        var context = new AttemptContext
        {
            Case = new TestCase("noop", "case"), CaseId = "", Attempt = 1, Try = 1, Time = _time,
            Limits = new AttemptLimits(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)),
        };
        Assert.Equal(0, context.ClockStart);

        var begun = _time.GetTimestamp();
        context.HoldClock();
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TimeSpan.FromSeconds(100), _time.GetElapsedTime(begun, context.ClockStart));
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TimeSpan.FromSeconds(120), _time.GetElapsedTime(begun, context.ClockStart));
        context.StartClock();
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TimeSpan.FromSeconds(200), _time.GetElapsedTime(begun, context.ClockStart));
    }
}
