using System.Globalization;
using System.IO.Hashing;
using System.Text;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>A plan of equal little cases, and results of them whose every field follows from index and attempt.</summary>
internal sealed class FakePlan(int count) : IPlannedCases
{
    public static readonly DateTime Start = new(2026, 11, 23, 20, 0, 0, DateTimeKind.Utc);

    public string BatchId => "tests-20261123-200000-abcd";

    public int Count => count;

    public ResultSchema Schema { get; } = ResultSchema.Build(
        [("Model", ColumnType.Text), ("Rate", ColumnType.Number), ("Strict", ColumnType.Boolean)], ["turns", "Score", "never"]);

    public PlannedCase Get(int index) => new(IdOf(index), "script", "case " + index, Parameters(index));

    public static string IdOf(int index) =>
        Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(index.ToString(CultureInfo.InvariantCulture))));

    public TestResult Result(int index, int attempt = 1, int session = 1, string output = "", string message = "", string artifactPath = "")
    {
        var outcome = Outcomes.All[(index + attempt) % 5];
        return new TestResult
        {
            Outcome = outcome,
            Cause = outcome == Outcomes.Passed ? "" : Causes.Exception,
            FaultDomain = outcome == Outcomes.Passed ? "" : FaultDomains.Test,
            Scored = outcome == Outcomes.Passed,
            Score = index % 4 == 1 ? double.NaN : 1.0 / (index + 1),
            Kind = "script",
            Name = "case " + index,
            DurationSeconds = 0.1 + index,
            Attempt = attempt,
            Session = session,
            StartedAt = Start.AddMilliseconds(index),
            Message = message,
            ArtifactPath = artifactPath,
            Output = output.Length > 0 ? output : index % 4 == 0 ? "" : $"line \"{index}\"\nünï\u0001",
            Batch = BatchId,
            RunFolder = "",
            Index = index,
            Id = IdOf(index),
            OtherMetrics = index % 7 == 0 ? "{\"x\":1}" : "",
            Schema = Schema,
            ParameterValues = Parameters(index),
            MetricValues = [index, index % 2 == 0 ? double.NaN : -0.5, double.NaN],
        };
    }

    private static object?[] Parameters(int index) =>
        ["sim-" + (index % 3), index % 5 == 0 ? null : index / 10.0, index % 2 == 0];

    /// <summary>All that a result says, as one comparable text.</summary>
    public static string Tell(TestResult r) => string.Create(
        CultureInfo.InvariantCulture,
        $"{r.Index}|{r.Id}|{r.Attempt}|{r.Session}|{r.Outcome}|{r.Cause}|{r.FaultDomain}|{r.Scored}|{r.Score:R}|{r.Kind}|{r.Name}|{r.DurationSeconds:R}|{r.StartedAt:O}|{r.Message}|{r.Output}|{r.ArtifactPath}|{r.Batch}|{r.OtherMetrics}|{string.Join(';', r.ParameterValues.Select(v => $"{v?.GetType().Name}:{Convert.ToString(v, CultureInfo.InvariantCulture)}"))}|{string.Join(';', r.MetricValues.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}");
}
