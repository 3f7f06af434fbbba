namespace PSRunner.Abstractions.Tests;

public sealed class CausesTests
{
    [Fact]
    public void Every_cause_fits_the_column_that_shows_it() =>
        Assert.All(Causes.Table, row => Assert.InRange(row.Name.Length, 0, 14));

    [Fact]
    public void Causes_are_unique_and_their_outcomes_are_known()
    {
        Assert.Equal(Causes.Table.Count, Causes.Table.Select(r => r.Name).Distinct().Count());
        Assert.All(Causes.Table, row => Assert.Contains(row.Outcome, Outcomes.All));
    }

    [Fact]
    public void Only_a_judgement_is_scored() =>
        Assert.All(Causes.Table, row => Assert.Equal(row.Outcome is Outcomes.Passed or Outcomes.Failed, row.Scored));

    [Fact]
    public void A_fault_of_the_provider_or_the_harness_is_never_scored() =>
        Assert.All(
            Causes.Table.Where(r => r.Domain is FaultDomains.Provider or FaultDomains.Harness || r.ModelDomain == FaultDomains.Provider),
            row => Assert.False(row.Scored));

    [Fact]
    public void A_cause_that_stops_its_lane_is_not_retried() =>
        Assert.All(Causes.Table.Where(r => r.StopsLane), row => Assert.Equal(0, Causes.RetriesAllowed(row.Name, true, 5)));

    [Theory]
    [InlineData(Causes.Throttled, true, 2, 2)]
    [InlineData(Causes.Throttled, true, 0, 0)]
    [InlineData(Causes.Stall, true, 2, 2)]
    [InlineData(Causes.Stall, false, 2, 0)]
    [InlineData(Causes.WorkerCrash, false, 5, 1)]
    [InlineData(Causes.NotStarted, false, 0, 1)]
    [InlineData(Causes.TestTimeout, true, 2, 0)]
    [InlineData(Causes.WrongAnswer, true, 2, 0)]
    public void Retries_follow_the_table(string cause, bool judgesModel, int retryCount, int allowed) =>
        Assert.Equal(allowed, Causes.RetriesAllowed(cause, judgesModel, retryCount));

    [Fact]
    public void An_unknown_word_is_refused() => Assert.Throws<ArgumentException>(() => Causes.Find("slow"));
}
