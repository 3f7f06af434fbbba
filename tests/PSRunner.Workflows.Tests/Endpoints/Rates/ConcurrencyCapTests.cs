using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

public sealed class ConcurrencyCapTests
{
    [Fact]
    public void Three_refusals_at_one_number_and_different_rates_lower_the_cap_to_it()
    {
        var cap = new ConcurrencyCap(1000);

        Assert.False(cap.Refused(At(0), 100, rate: 12));
        Assert.False(cap.Refused(At(10), 100, rate: 11));
        Assert.True(cap.Refused(At(20), 100, rate: 13));
        Assert.Equal(100, cap.Limit);
    }

    [Fact]
    public void One_rate_at_any_number_or_one_rate_at_one_number_proves_nothing()
    {
        var cap = new ConcurrencyCap(1000);
        foreach (var inFlight in new[] { 100, 300, 200, 400, 400, 400, 400 })
        {
            Assert.False(cap.Refused(At(0), inFlight, rate: 50));
        }

        Assert.Equal(1000, cap.Limit);
    }

    [Fact]
    public void A_lowered_cap_is_tried_higher_and_more_rarely_after_each_failure()
    {
        var cap = Lowered(to: 100, at: 0);

        Assert.False(cap.Allows(At(14), 100));
        Assert.True(cap.Allows(At(15), 100));
        Assert.True(cap.Refused(At(16), 100, rate: 12));
        Assert.Equal(100, cap.Limit);
        Assert.False(cap.Allows(At(16 + 29), 100));
        Assert.True(cap.Allows(At(16 + 30), 100));
    }

    [Fact]
    public void A_wrong_cap_grows_away_by_doubling_steps()
    {
        var cap = Lowered(to: 40, at: 0);
        for (var now = 0; now <= 150; now += 15)
        {
            cap.Allows(At(now), cap.Limit);
        }

        Assert.Equal(1000, cap.Limit);
    }

    [Fact]
    public void A_cap_that_holds_nobody_back_is_not_raised()
    {
        var cap = Lowered(to: 40, at: 0);
        for (var now = 0; now <= 600; now++)
        {
            Assert.True(cap.Allows(At(now), 10));
        }

        Assert.Equal(40, cap.Limit);
    }

    [Fact]
    public void A_refusal_at_another_number_lifts_the_cap()
    {
        var cap = Lowered(to: 100, at: 0);

        Assert.False(cap.Refused(At(10), 50, rate: 12));
        Assert.Equal(1000, cap.Limit);
    }

    private static ConcurrencyCap Lowered(int to, double at)
    {
        var cap = new ConcurrencyCap(1000);
        cap.Refused(At(at), to, rate: 12);
        cap.Refused(At(at), to, rate: 11);
        Assert.True(cap.Refused(At(at), to, rate: 13));
        return cap;
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
