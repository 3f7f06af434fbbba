using System.Globalization;
using System.Text;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

/// <summary>Half an hour to an hour of six providers, in virtual time, for the product's controller and two others.</summary>
public sealed class RateSimulationTests(ITestOutputHelper output)
{
    private static readonly double[] RetryAfters = [1, 5];
    private static readonly int[] Seeds = [0, 1, 2];

    private static readonly Scenario[] Scenarios =
    [
        new("A 50/s, calls of 8 s", 8, 1800, 0.85) { StartsPerSecond = _ => 50 },
        new("B 2/s, calls of 20 s", 20, 1800, 0.85) { StartsPerSecond = _ => 2 },
        new("C 50, 10, 50/s, calls of 8 s", 8, 1800, 0.80) { StartsPerSecond = t => t is >= 600 and < 1200 ? 10 : 50 },
        new("D 5/s, calls of 120 s", 120, 3600, 0.85) { StartsPerSecond = _ => 5 },
        new("E 100 in flight, calls of 8 s", 8, 1800, 0.80) { MaxInFlight = 100 },
        new("F 100 in flight, calls of 120 s", 120, 3600, 0.85) { MaxInFlight = 100 },
        new("G 5/s counted by the minute", 20, 1800, 0.85) { StartsPerSecond = _ => 5, BurstSeconds = 60 },
    ];

    [Fact]
    public void What_providers_allow_is_used_with_few_refusals_and_better_than_by_steering_what_is_in_flight()
    {
        var table = new StringBuilder("share of the allowed throughput (refusals per success), worst of 3 seeds\n");
        table.AppendLine(CultureInfo.InvariantCulture, $"{"",-32} {"Retry-After",-11} {"starts, CUBIC",-17} {"AIMD by rounds",-17} {"AIMD by request",-17}");
        foreach (var (scenario, retryAfter) in Scenarios.SelectMany(s => RetryAfters.Select(r => (s, r))))
        {
            var ours = Worst(scenario, (provider, seed) => SimulatedClients.CubicOnStarts(provider, retryAfter, seed));
            var rounds = Worst(scenario, (provider, _) => SimulatedClients.AimdByRounds(provider, retryAfter));
            var request = Worst(scenario, (provider, _) => SimulatedClients.AimdByRequest(provider, retryAfter));
            table.AppendLine(CultureInfo.InvariantCulture, $"{scenario.Name,-32} {retryAfter + " s",-11} {Cell(ours),-17} {Cell(rounds),-17} {Cell(request),-17}");

            Assert.True(ours.Goodput >= scenario.LeastGoodput, table.ToString());
            Assert.True(ours.RefusalsPerSuccess <= 0.02, table.ToString());
        }

        output.WriteLine(table.ToString());
    }

    [Fact]
    public void A_provider_that_says_no_time_is_used_as_well() =>
        Assert.All(Scenarios, scenario =>
        {
            var (goodput, refusals) = Worst(scenario, (provider, seed) => SimulatedClients.CubicOnStarts(provider, retryAfter: null, seed));
            Assert.True(goodput >= scenario.LeastGoodput && refusals <= 0.02, $"{scenario.Name}: {goodput:0.000} ({refusals:0.0000})");
        });

    [Theory]
    [InlineData(50, 8)]
    [InlineData(5, 120)]
    public void Half_a_minute_after_a_hold_of_a_minute_the_throughput_is_back(double allowed, double callSeconds)
    {
        // One refusal with a Retry-After of 60 s out of the blue, at 600 s.
        var hold = 60 * 1.1;
        var counts = new Dictionary<int, int>();
        var rates = new KeyRates(new RateOptions());
        var provider = new SimulatedProvider(new Scenario("", callSeconds, 1200, 0) { StartsPerSecond = t => t is >= 600 and < 600.5 ? 0 : allowed }, seed: 1);
        SimulatedClients.Drive(provider, rates, () => TimeSpan.FromSeconds(provider.Now is >= 600 and < 660 ? 60 : 1), at => counts[(int)at] = counts.GetValueOrDefault((int)at) + 1);

        Assert.DoesNotContain(Enumerable.Range(602, 57), counts.ContainsKey);
        var back = Enumerable.Range((int)(600 + hold) + 1, 30).Sum(t => counts.GetValueOrDefault(t)) / (30 * allowed);
        output.WriteLine($"{back:P1} of the allowed throughput in the 30 s after the hold");
        Assert.True(back >= 0.85, $"{back}");
    }

    private static string Cell((double Goodput, double RefusalsPerSuccess) worst) =>
        string.Create(CultureInfo.InvariantCulture, $"{worst.Goodput:0.000} ({worst.RefusalsPerSuccess:0.0000})");

    private static (double Goodput, double RefusalsPerSuccess) Worst(Scenario scenario, Action<SimulatedProvider, int> client)
    {
        var runs = Seeds.Select(seed =>
        {
            var provider = new SimulatedProvider(scenario, seed);
            client(provider, seed);
            return provider;
        }).ToList();
        return (runs.Min(r => r.Goodput), runs.Max(r => (double)r.Refusals / r.Admitted));
    }
}
