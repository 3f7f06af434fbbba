using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Tools;

public class ToolSimulatorTests
{
    private static readonly ToolDefinition Free = new("lab_weigh", "lab", "Weigh a sample.", [], ["SPILLED", "TIMEOUT"], []);
    private static readonly ToolDefinition Bound = new("lab_mix", "lab", "Mix samples.", [], ["CLUMPED"], ["lab_weigh", "lab_heat"]);

    [Theory]
    [InlineData(0.8, 0, false, 0, 0, 0.8)]
    [InlineData(0.8, 1, false, 0, 0, 0.4)]
    [InlineData(0.8, 2, false, 0, 0, 0.2)]
    [InlineData(0.8, 0, true, 1, 1, 0.56)]
    [InlineData(0.8, 1, true, 2, 2, 0.28)]
    [InlineData(0.8, 0, false, 2, 2, 0.8)] // The window opens with the third run.
    [InlineData(0.8, 0, false, 3, 2, 0.648)]
    [InlineData(0.8, 0, false, 9, 3, 0.5832)]
    [InlineData(0.2, 2, true, 5, 3, 0.1)]
    [InlineData(1.0, 0, false, 0, 0, 0.95)]
    public void The_odds_follow_the_formula(double rate, int unmet, bool failedLast, int runs, int failures, double expected) =>
        Assert.Equal(expected, ToolOdds.Probability(rate, unmet, failedLast, runs, failures), 12);

    [Theory]
    // Measured over 33,519 runs of the old simulator at rate 0.8: (unmet dependencies, failures among the last three), share of successes.
    [InlineData(0, 0, 0.798)]
    [InlineData(0, 1, 0.722)]
    [InlineData(0, 2, 0.642)]
    [InlineData(0, 3, 0.576)]
    [InlineData(1, 0, 0.390)]
    [InlineData(1, 1, 0.350)]
    public void The_odds_agree_with_what_the_old_simulator_did(int unmet, int failures, double measured) =>
        Assert.Equal(measured, ToolOdds.Probability(0.8, unmet, false, 3, failures), 0.015);

    [Fact]
    public void Equal_seeds_give_equal_runs_whatever_happens_beside()
    {
        var one = new ToolSimulator("case 1", 0.7);
        var other = new ToolSimulator("case 1", 0.7);
        var third = new ToolSimulator("case 2", 0.7);
        var ones = Enumerable.Range(0, 30).Select(_ => one.Run(Free)).ToList();
        var thirds = Enumerable.Range(0, 30).Select(_ => third.Run(Free)).ToList();

        Assert.Equal(ones, Enumerable.Range(0, 30).Select(_ => other.Run(Free)));
        Assert.NotEqual(ones.Select(run => run.Succeeded), thirds.Select(run => run.Succeeded));
    }

    [Fact]
    public void Unmet_dependencies_and_failures_move_the_odds()
    {
        var simulator = new ToolSimulator("odds", 0.8);
        Assert.Equal(0.2, simulator.Odds(Bound), 12);
        var first = simulator.Run(Free);
        Assert.Equal(first.Succeeded ? 0.4 : 0.8 * 0.25 * 0.7, simulator.Odds(Bound), 12);

        while (!simulator.Run(Free).Succeeded)
        {
        }

        var failures = simulator.Runs.TakeLast(3).Count(run => !run.Succeeded);
        Assert.Equal(0.4 * (simulator.Runs.Count < 3 ? 1 : Math.Pow(0.9, failures)), simulator.Odds(Bound), 12);
    }

    [Fact]
    public void Successes_come_as_often_as_the_odds_say()
    {
        var succeeded = Enumerable.Range(0, 20_000).Count(i => new ToolSimulator($"case {i}", 0.8).Run(Free).Succeeded);

        // Five standard deviations are 283.
        Assert.InRange(succeeded, 16_000 - 283, 16_000 + 283);
    }

    [Fact]
    public void A_failure_has_a_code_of_the_tool_all_equally_often()
    {
        var codes = Enumerable.Range(0, 20_000)
            .Select(i => new ToolSimulator($"case {i}", 0.2).Run(Free))
            .Where(run => !run.Succeeded)
            .CountBy(run => run.ErrorCode)
            .ToDictionary();

        Assert.Equal(Free.ErrorCodes.Order(), codes.Keys.Order());
        Assert.InRange(codes["SPILLED"], 7_650, 8_350);
    }

    [Fact]
    public void What_a_tool_says_is_JSON_and_names_the_code()
    {
        var simulator = new ToolSimulator("words", 0.5);
        for (var i = 0; i < 20; i++)
        {
            var run = simulator.Run(Free);
            using var said = System.Text.Json.JsonDocument.Parse(run.Output);
            Assert.Equal(run.Succeeded ? "ok" : "error", said.RootElement.GetProperty("status").GetString());
            Assert.Equal(run.Succeeded, !run.Output.Contains("\"code\"", StringComparison.Ordinal));
        }
    }
}
