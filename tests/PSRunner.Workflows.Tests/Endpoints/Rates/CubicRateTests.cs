using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

public sealed class CubicRateTests
{
    [Fact]
    public void The_rate_doubles_every_five_seconds_before_the_first_refusal()
    {
        var rate = new CubicRate(new CubicRateOptions());
        Use(rate, from: 0, to: 20);

        Assert.InRange(rate.Rate, 15, 16.5);
        Assert.Null(rate.Peak);
    }

    [Fact]
    public void A_rate_that_nobody_waits_for_does_not_grow()
    {
        var rate = new CubicRate(new CubicRateOptions());
        for (var second = 0; second < 600; second += 5)
        {
            Assert.Equal(TimeSpan.Zero, rate.Wait(At(second)));
            rate.Start(At(second), 1);
        }

        Assert.Equal(1, rate.Rate);
    }

    [Fact]
    public void A_cut_keeps_nine_tenths_of_what_was_let_in_and_comes_back_to_it_after_the_plateau()
    {
        var rate = new CubicRate(new CubicRateOptions { Initial = 10 });
        Pace(rate, perSecond: 8, from: 0, to: 20);
        rate.Cut(At(20));

        Assert.Equal(8, rate.Peak!.Value, 0.2);
        Assert.Equal(0.9 * rate.Peak.Value, rate.Rate, 1e-9);
        rate.Wait(At(80));
        Assert.Equal(rate.Peak.Value, rate.Rate, 1e-9);
        rate.Wait(At(139.99));
        Assert.Equal(1.1 * rate.Peak.Value, rate.Rate, 0.01);
    }

    [Fact]
    public void Refused_starts_are_no_measure_of_what_is_let_in()
    {
        var rate = new CubicRate(new CubicRateOptions { Initial = 10 });
        for (var i = 0; i < 100; i++)
        {
            rate.Start(At(i / 10.0), 1);
            if (i % 2 == 0)
            {
                rate.Refused(At(i / 10.0), 1);
            }
        }

        Assert.Equal(5, rate.LetIn(At(10)), 0.2);
    }

    [Fact]
    public void The_time_of_a_hold_is_no_measure_either()
    {
        var rate = new CubicRate(new CubicRateOptions { Initial = 10 });
        rate.HoldUntil(At(6));
        Pace(rate, perSecond: 9, from: 6, to: 10);

        Assert.Equal(9, rate.LetIn(At(10)), 0.5);
    }

    [Fact]
    public void Nothing_is_known_of_tokens_until_a_refusal_and_then_what_was_let_in()
    {
        var rate = new CubicRate(new CubicRateOptions { Initial = double.PositiveInfinity });
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(TimeSpan.Zero, rate.Wait(At(i / 10.0)));
            rate.Start(At(i / 10.0), 2_000);
        }

        rate.Cut(At(10));
        Assert.InRange(rate.Rate, 0.9 * 19_000, 0.9 * 21_000);
    }

    [Fact]
    public void What_the_provider_says_is_left_is_not_overspent_until_it_resets()
    {
        var rate = new CubicRate(new CubicRateOptions { Initial = 10 });
        rate.Observe(At(0), remaining: 30, TimeSpan.FromSeconds(10));
        Assert.Equal(3, rate.Rate);
        rate.Wait(At(9));
        Assert.Equal(3, rate.Rate);
        rate.Wait(At(10));
        Assert.True(rate.Rate >= 10);
    }

    [Fact]
    public void A_start_waits_for_a_reset_and_no_longer()
    {
        var rate = new CubicRate(new CubicRateOptions { Initial = 10 });
        rate.Start(At(0), 1);
        rate.Observe(At(0), remaining: 0, TimeSpan.FromSeconds(3));

        Assert.Equal(TimeSpan.FromSeconds(2), rate.Wait(At(1)));
        Assert.InRange(rate.Wait(At(3)), TimeSpan.Zero, TimeSpan.FromSeconds(0.1));

        rate.Start(At(4), 3);
        rate.Observe(At(4), remaining: 0, TimeSpan.Zero);
        Assert.InRange(rate.Wait(At(4)), TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.3));
    }

    [Fact]
    public void The_rate_never_falls_to_nothing()
    {
        var rate = new CubicRate(new CubicRateOptions());
        for (var i = 0; i < 1000; i++)
        {
            rate.Cut(At(i));
        }

        Assert.True(rate.Rate >= 0.02);
        rate.Observe(At(1000), remaining: 0, TimeSpan.FromHours(1));
        Assert.Equal(0.02, rate.Rate);
    }

    /// <summary>Starts as many as it lets out.</summary>
    private static void Use(CubicRate rate, double from, double to)
    {
        for (var now = from; now < to; now += 0.001)
        {
            if (rate.Wait(At(now)) == TimeSpan.Zero)
            {
                rate.Start(At(now), 1);
                rate.Wait(At(now));
            }
        }
    }

    private static void Pace(CubicRate rate, double perSecond, double from, double to)
    {
        for (var now = from; now < to; now += 1 / perSecond)
        {
            rate.Start(At(now), 1);
        }
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
