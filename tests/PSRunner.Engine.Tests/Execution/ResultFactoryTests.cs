using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Tests.Execution;

public class ResultFactoryTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";

    private static readonly ResultSchema Schema =
        ResultSchema.Build([("model", ColumnType.Text), ("id", ColumnType.Number), ("Turns", ColumnType.Number)], ["TokensUsed"]);

    [Fact]
    public void Parameters_and_metrics_stand_where_the_schema_has_them_and_other_metrics_in_one_json()
    {
        var result = Make(Causes.None, new AttemptReport
        {
            Score = 0.7,
            Metrics = new Dictionary<string, double> { ["tokens_used"] = 12, ["odd"] = 1.5, ["none"] = double.NaN },
        });

        Assert.Equal(["a", 7.0, null], result.ParameterValues);
        Assert.Equal([12], result.MetricValues);
        Assert.Equal("""{"odd":1.5,"none":null}""", result.OtherMetrics);
        Assert.Equal((0.7, true, "", 3, 2), (result.Score, result.Scored, result.FaultDomain, result.Attempt, result.Session));
    }

    [Theory]
    [InlineData(Causes.WrongAnswer, false, Outcomes.Failed, FaultDomains.Test, 0.7)]
    [InlineData(Causes.WrongAnswer, true, Outcomes.Failed, FaultDomains.Model, 0.7)]
    [InlineData(Causes.Stall, false, Outcomes.TimedOut, FaultDomains.Test, double.NaN)]
    [InlineData(Causes.Stall, true, Outcomes.TimedOut, FaultDomains.Provider, double.NaN)]
    [InlineData(Causes.NotStarted, true, Outcomes.Errored, FaultDomains.Harness, double.NaN)]
    public void Outcome_and_blame_follow_from_the_cause_and_an_unscored_result_has_no_score(
        string cause, bool judgesModel, string outcome, string domain, double score)
    {
        var result = Make(cause, new AttemptReport { Score = 0.7 }, judgesModel);

        Assert.Equal((outcome, domain, score), (result.Outcome, result.FaultDomain, result.Score));
        Assert.True(double.IsNaN(result.MetricValues[0]));
    }

    [Fact]
    public void Only_a_result_with_artifacts_names_their_folder()
    {
        Assert.Equal("", Make(Causes.None, new AttemptReport()).ArtifactPath);
        Assert.Equal(
            $"artifacts/01/{Id}/2-3",
            Make(Causes.None, new AttemptReport { Artifacts = [new Artifact("a.txt", new byte[1])] }).ArtifactPath);
    }

    private static TestResult Make(string cause, AttemptReport report, bool judgesModel = false)
    {
        var testCase = new TestCase("noop", "one", [new("model", "a"), new("id", 7)]);
        return new ResultFactory(Schema, "batch", "/run", 2)
            .Make(new EndedCase(testCase, Id, 4, judgesModel, 3, DateTime.UnixEpoch, 1.5), cause, "why", report);
    }
}
