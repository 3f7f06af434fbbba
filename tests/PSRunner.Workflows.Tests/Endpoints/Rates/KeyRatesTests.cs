using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

public sealed class KeyRatesTests
{
    [Fact]
    public void Refusals_of_requests_that_started_before_the_cut_belong_to_it()
    {
        var rates = new KeyRates(new RateOptions { RequestsPerSecond = 100 });
        var requests = Start(rates, 20);

        for (var i = 0; i < requests.Count; i++)
        {
            rates.Refused(At(1 + (i / 100.0)), requests[i], At(1), RefusalScope.Requests);
        }

        var state = rates.Snapshot(At(1.2));
        Assert.Equal((20, 1), (state.Refused, state.Cuts));
    }

    [Theory]
    [InlineData(10, 10, 11)]
    [InlineData(3600, 60, 66)]
    [InlineData(-5, 0, 0)]
    public void The_provider_s_time_holds_the_key_with_jitter_and_a_cap(double asked, double least, double most)
    {
        var rates = new KeyRates(new RateOptions { MaxInFlight = 5 });
        var request = rates.Start(At(0), 1);
        rates.Refused(At(0.1), request, At(asked), RefusalScope.Unknown);

        Assert.InRange(rates.Snapshot(At(0.1)).HeldFor.TotalSeconds, least, most);
        Assert.Equal(0, rates.InFlight);
    }

    [Fact]
    public void A_provider_that_says_no_time_is_left_alone_twice_as_long_each_time_until_it_answers()
    {
        var rates = new KeyRates(new RateOptions());
        double[] holds = [.. Enumerable.Range(0, 9).Select(i => Refuse(rates, At(100 * (i + 1))))];
        double[] longest = [1, 2, 4, 8, 16, 32, 32, 32, 32];
        Assert.All(holds.Zip(longest), pair => Assert.InRange(pair.First, pair.Second, pair.Second * 1.1));

        rates.Answered(At(2000), rates.Start(At(1999), 1), 1);
        Assert.InRange(Refuse(rates, At(2100)), 1, 1.1);
    }

    [Fact]
    public void Failures_that_are_not_for_load_leave_the_rate_alone()
    {
        var rates = new KeyRates(new RateOptions { RequestsPerSecond = 5 });
        var before = rates.Snapshot(At(0)).RequestsPerSecond;
        for (var i = 0; i < 100; i++)
        {
            rates.Wait(At(i));
            rates.Start(At(i), 1);
            rates.Failed();
        }

        Assert.Equal((before, 0, 0), (rates.Snapshot(At(100)).RequestsPerSecond, rates.InFlight, rates.Snapshot(At(100)).Cuts));
    }

    [Fact]
    public void A_refusal_for_tokens_cuts_tokens_only()
    {
        var rates = new KeyRates(new RateOptions { RequestsPerSecond = 10 });
        var request = default(StartedRequest);
        for (var i = 0; i < 20; i++)
        {
            rates.Wait(At(i / 10.0));
            request = rates.Start(At(i / 10.0), 1_000);
        }

        rates.Refused(At(2), request, At(1), RefusalScope.Tokens);
        var state = rates.Snapshot(At(2));
        Assert.Equal(10, state.RequestsPerSecond);
        Assert.InRange(state.TokensPerSecond, 7_500, 9_500);
    }

    [Fact]
    public void A_refusal_of_the_very_first_request_does_not_choke_tokens()
    {
        var rates = new KeyRates(new RateOptions { RequestsPerSecond = 10 });
        rates.Wait(At(0));
        rates.Refused(At(0.1), rates.Start(At(0), 1_000), At(1), RefusalScope.Unknown);

        Assert.True(double.IsPositiveInfinity(rates.Snapshot(At(0.1)).TokensPerSecond));
        Assert.True(rates.Wait(At(0.1)) <= At(1.1));
    }

    [Fact]
    public void Fixed_rates_stay_but_the_provider_s_waiting_time_is_kept()
    {
        var rates = new KeyRates(new RateOptions { RequestsPerSecond = 5, TokensPerSecond = 1_000, IsFixed = true });
        rates.Refused(At(1), rates.Start(At(0), 1), At(10), RefusalScope.Unknown);

        var state = rates.Snapshot(At(1));
        Assert.Equal((5, 1_000, 0), (state.RequestsPerSecond, state.TokensPerSecond, state.Cuts));
        Assert.True(rates.Wait(At(1)) >= At(10));
    }

    [Fact]
    public void Tokens_are_charged_by_estimate_and_corrected_by_what_was_used()
    {
        var rates = new KeyRates(new RateOptions { RequestsPerSecond = 1_000, TokensPerSecond = 100, IsFixed = true });
        var request = rates.Start(At(0), tokens: 500);
        Assert.Equal(5, rates.Wait(At(0)).TotalSeconds, 1e-3);

        rates.Answered(At(1), request, tokens: 300);
        Assert.Equal(2, rates.Wait(At(1)).TotalSeconds, 1e-3);
    }

    [Fact]
    public void The_cap_holds_whatever_the_rates_allow()
    {
        var rates = new KeyRates(new RateOptions { MaxInFlight = 2, RequestsPerSecond = 1_000 });
        Start(rates, 2);

        Assert.Equal(KeyRates.UntilOneEnds, rates.Wait(At(60)));
        rates.Failed();
        Assert.Equal(TimeSpan.Zero, rates.Wait(At(60)));
    }

    private static double Refuse(KeyRates rates, TimeSpan now)
    {
        rates.Refused(now, rates.Start(now - At(0.1), 1), retryAfter: null, RefusalScope.Requests);
        return rates.Snapshot(now).HeldFor.TotalSeconds;
    }

    private static List<StartedRequest> Start(KeyRates rates, int count) =>
        [.. Enumerable.Range(0, count).Select(i =>
        {
            rates.Wait(At(i / 100.0));
            return rates.Start(At(i / 100.0), 1);
        })];

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
