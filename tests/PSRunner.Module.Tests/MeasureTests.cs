using System.Management.Automation;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

[Collection(OneAtATime.Name)]
public sealed class MeasureTests : IDisposable
{
    private readonly HostedPowerShell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Unjudged_results_pull_no_rate_and_no_mean_down()
    {
        var measure = Measure(
            "Model",
            Result("a", "Passed", scored: true, score: 0.9),
            Result("a", "Failed", scored: true, score: 0.1),
            Result("a", "TimedOut", scored: false, score: double.NaN),
            Result("a", "Skipped", scored: false, score: double.NaN)).Single();

        Assert.Equal(4, measure.Properties["Count"].Value);
        Assert.Equal(2, measure.Properties["Judged"].Value);
        Assert.Equal(2, measure.Properties["Unjudged"].Value);
        Assert.Equal(0.5, measure.Properties["PassRate"].Value);
        Assert.Equal(0.5, measure.Properties["MeanScore"].Value);
        Assert.Equal("a", measure.Properties["Model"].Value);
    }

    [Fact]
    public void The_mean_is_the_same_in_whatever_order_the_results_come()
    {
        var results = Enumerable.Range(1, 40).Select(i => Result("a", "Passed", scored: true, score: 1.0 / i)).ToList();
        var means = Enumerable.Range(0, 20).Select(i => Measure("Model", [.. results.Skip(i * 2).Concat(results.Take(i * 2))]).Single().Properties["MeanScore"].Value);

        Assert.Single(means.Distinct());
    }

    [Fact]
    public void A_group_without_a_verdict_has_no_rate() =>
        Assert.Equal(double.NaN, Measure("Model", Result("a", "TimedOut", scored: false, score: double.NaN)).Single().Properties["PassRate"].Value);

    [Fact]
    public void Groups_are_ordered_by_their_values_numbers_as_numbers() =>
        Assert.Equal(
            ["9 a", "10 a", "10 b"],
            Measure("size,Model", Result("a", "Passed", true, 1, 10), Result("b", "Passed", true, 1, 10), Result("a", "Passed", true, 1, 9))
                .Select(m => m.Properties["Group"].Value));

    [Theory]
    [InlineData("10 1a 2")]
    [InlineData("1a 2 10")]
    [InlineData("2 10 1a")]
    public void Numbers_stand_before_texts_whatever_came_first(string models) =>
        Assert.Equal(["2", "10", "1a"], Measure("Model", [.. models.Split(' ').Select(m => Result(m, "Passed", true, 1))]).Select(m => m.Properties["Group"].Value));

    [Fact]
    public void An_unknown_property_is_an_error_that_names_the_known_ones()
    {
        var error = _shell.InvokeExpectingError("$args | Measure-TestResult Modle", Result("a", "Passed", true, 1));

        Assert.StartsWith("NoSuchColumn", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Model", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_of_several_batches_are_warned_of_unless_told_apart()
    {
        object[] results = [Result("a", "Passed", true, 1, folder: "/x/one"), Result("a", "Passed", true, 1, folder: "/x/two")];

        Assert.Contains("more than one batch", _shell.Show("$args | Measure-TestResult", results), StringComparison.Ordinal);
        Assert.DoesNotContain("more than one batch", _shell.Show("$args | Measure-TestResult Model,Batch", results), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_in_gives_nothing_out() => Assert.Empty(_shell.Invoke("@() | Measure-TestResult"));

    private IReadOnlyList<PSObject> Measure(string by, params object[] results) =>
        _shell.Invoke($"$args | Measure-TestResult {by}", results);

    private static object Result(string model, string outcome, bool scored, double score, long size = 1, string folder = "/no/such/folder") =>
        Made.Result(outcome, "n", [("Model", model), ("size", size)], [], ("Scored", scored), ("Score", score), ("RunFolder", folder), ("Batch", Path.GetFileName(folder)));
}
