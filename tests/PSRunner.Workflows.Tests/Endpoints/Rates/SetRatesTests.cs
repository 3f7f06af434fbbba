using CsCheck;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

public sealed class SetRatesTests
{
    [Fact]
    public void Processes_that_share_a_key_keep_to_its_rate_together_and_get_equal_parts_of_it() =>
        Gen.Select(Gen.Double[0.5, 200], Gen.Int[1, 4], Gen.Int).Sample((rate, processes, seed) =>
        {
            var holders = new LeaseHolders(seed);
            for (var i = 0; i < processes; i++)
            {
                holders.Add(Requests(rate));
            }

            holders.Run(60);
            AssertTenSeconds(holders, rate, from: 0);
            var equal = holders.Starts.Count / (double)processes;
            Assert.All(holders.Starts.CountBy(s => s.Holder), held => Assert.InRange(held.Value, (0.8 * equal) - 2, (1.2 * equal) + 2));
        }, iter: 100);

    [Theory]
    [InlineData(0.5)]
    [InlineData(20)]
    [InlineData(200)]
    public void What_a_crashed_process_had_leased_comes_back_after_half_a_second(double rate)
    {
        var holders = new LeaseHolders(seed: 1);
        holders.Add(Requests(rate));
        holders.Add(Requests(rate), crashesAt: 20.1);
        holders.Run(60);

        AssertTenSeconds(holders, rate, from: 20.2 + (2 * Math.Max(LeaseAsk.Seconds, 1 / rate)));
        Assert.DoesNotContain(holders.Starts, s => s.Holder == 1 && s.At > 20.1);
    }

    [Fact]
    public void A_process_that_sends_little_takes_little_from_the_others()
    {
        var holders = new LeaseHolders(seed: 1);
        holders.Add(Requests(20));
        holders.Add(Requests(20), every: 3);
        holders.Run(120);

        Assert.Equal(40, holders.Starts.Count(s => s.Holder == 1), 1.0);
        Assert.InRange(holders.Starts.Count, 0.96 * 20 * 120, 20 * 120.2);
    }

    [Theory]
    [InlineData(500, 300)]
    [InlineData(500, 500)]
    [InlineData(300, 900)]
    public void Tokens_are_shared_by_what_was_used_and_not_by_what_was_expected(double estimate, double used)
    {
        var holders = new LeaseHolders(seed: 1);
        holders.Add(new RateOptions { RequestsPerSecond = 20, TokensPerSecond = 2_000 }, estimate: estimate, used: used);
        holders.Add(new RateOptions { RequestsPerSecond = 20, TokensPerSecond = 2_000 }, estimate: estimate, used: used);
        holders.Run(120);

        // The first two seconds go by what was expected.
        var tokens = holders.Starts.Where(s => s.At is >= 10 and < 110).Sum(s => s.Tokens);
        Assert.InRange(tokens / 100, 0.9 * 2_000, 1.03 * 2_000);
    }

    [Fact]
    public void A_book_that_never_answers_holds_nobody_up_for_longer_than_a_second()
    {
        var holders = new LeaseHolders(seed: 1) { HasBook = false };
        holders.Add(Requests(20));
        holders.Run(30);

        Assert.InRange(holders.Starts[0].At, 0, 1.3);
        AssertTenSeconds(holders, rate: 20, from: 1.3);
    }

    [Fact]
    public void An_answer_that_comes_too_late_is_not_used()
    {
        var rates = new SetRates(Requests(10), isLeased: true);
        Assert.Equal(1, rates.Wait(At(0), isTurn: true).TotalSeconds, 1e-6);
        rates.Ask(At(0));
        Assert.Equal(TimeSpan.Zero, rates.Wait(At(1), isTurn: true));
        rates.Take(1);

        rates.Lease(new Lease(At(0), At(0.5)));
        Assert.True(rates.Wait(At(1), isTurn: true) > TimeSpan.Zero);
    }

    [Fact]
    public void No_lease_is_asked_for_while_something_else_holds_the_start_up()
    {
        var rates = new SetRates(Requests(10), isLeased: true);
        rates.Wait(At(0), isTurn: false);
        Assert.False(rates.WantsLease);
        rates.Wait(At(0), isTurn: true);
        Assert.True(rates.WantsLease);
    }

    [Fact]
    public void What_others_leave_is_told()
    {
        var rates = new SetRates(Requests(10), isLeased: true);
        rates.Wait(At(0), isTurn: true);
        rates.Ask(At(0));
        rates.Lease(new Lease(At(0.5), At(1)));

        Assert.Equal(5, rates.RequestsPerSecond, 1e-6);
    }

    private static void AssertTenSeconds(LeaseHolders holders, double rate, double from)
    {
        // A window holds no part of a request; and a tick of the clock is no part of a window.
        var error = Math.Max(0.02 * 10 * rate, 1);
        var (least, most) = (Math.Floor((10 * rate) - error - 1e-4), Math.Ceiling((10 * rate) + error + 1e-4));
        var starts = holders.Starts.Select(s => s.At).ToList();
        for (var (first, end) = (starts.FindIndex(s => s >= from), 0); starts[first] + 10 < starts[^1]; first++)
        {
            while (starts[end] < starts[first] + 10)
            {
                end++;
            }

            Assert.True(end - first <= most, $"{rate}/s: {end - first} in the 10 s from {starts[first]}");
            Assert.True(end - first >= least, $"{rate}/s: {end - first} in the 10 s from {starts[first]}");
        }
    }

    private static RateOptions Requests(double rate) => new() { RequestsPerSecond = rate };

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
