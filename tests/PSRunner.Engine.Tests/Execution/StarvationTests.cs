using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Tests.Execution;

public class StarvationTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_conductor_that_woke_late_is_told_to_whom_it_concerns()
    {
        var starvation = new Starvation(new FakeTimeProvider());
        starvation.Woke(TimeSpan.FromMilliseconds(900), 10 * Second);
        Assert.Equal((TimeSpan.Zero, ""), (starvation.HeldUntil, starvation.DescribeSince(TimeSpan.Zero)));

        starvation.Woke(TimeSpan.FromSeconds(2.5), 20 * Second);
        Assert.Equal(20 * Second, starvation.HeldUntil);
        Assert.Equal("; the runner itself was starved: its conductor woke 2.5 s late", starvation.DescribeSince(15 * Second));
        Assert.Equal("", starvation.DescribeSince(21 * Second));
    }
}
