using CsCheck;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Planning;

public sealed class PlanTests : IDisposable
{
    private static readonly ITestExecutor Noop = new NoopExecutor();
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-plan-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_id_depends_on_what_the_case_is_and_on_nothing_else()
    {
        var id = CaseId.Compute(Case("a", ("x", 1L), ("Y", "z")), "noop/1", 1);

        Assert.Equal(id, CaseId.Compute(Case("a", ("y", "z"), ("X", 1L)), "noop/1", 1));
        Assert.NotEqual(id, CaseId.Compute(Case("a", ("x", 1L), ("Y", "z")), "noop/1", 2));
        Assert.NotEqual(id, CaseId.Compute(Case("a", ("x", 1L), ("Y", "z")), "noop/2", 1));
        Assert.NotEqual(id, CaseId.Compute(Case("b", ("x", 1L), ("Y", "z")), "noop/1", 1));
        Assert.NotEqual(id, CaseId.Compute(Case("a", ("x", "1"), ("Y", "z")), "noop/1", 1));
        Assert.NotEqual(id, CaseId.Compute(new TestCase("noop", "a", Case("a", ("x", 1L), ("Y", "z")).GetParameters()) { Definition = "{}" }, "noop/1", 1));
    }

    [Fact]
    public void An_id_is_the_same_in_every_version()
    {
        // A changed id would make every stored batch unresumable: this text may not change.
        Assert.Equal("3fd8efdf", CaseId.ToText(CaseId.Compute(Case("a", ("x", 1L)), "noop/1", 1))[..8]);
    }

    [Fact]
    public void Equal_cases_are_kept_apart_and_not_dropped()
    {
        using var plan = Freeze([Case("a"), Case("b"), Case("a"), new TestCase("noop", "a") { Repeat = 2 }]);

        Assert.Equal(5, plan.Count);
        Assert.Equal(5, Enumerable.Range(0, 5).Select(plan.IdOf).Distinct().Count());
    }

    [Fact]
    public void A_frozen_plan_gives_back_every_case_and_every_lane_in_order()
    {
        var scalar = Gen.OneOf<object?>(Gen.Const((object?)null), Gen.Bool.Select(b => (object?)b), Gen.String.Select(s => (object?)s),
            Gen.Long.Select(l => (object?)l), Gen.Double.Where(double.IsFinite).Select(d => (object?)d));
        var testCase = Gen.Select(Gen.String, Gen.Int[0, 3], scalar, scalar, Gen.Int[0, 5], Gen.Double[0.01, 900])
            .Select((name, lane, x, y, retries, limit) => new TestCase("noop", name, [new("x", x), new("max_tokens", y)])
            {
                Lane = lane == 0 ? "" : $"lane {lane}",
                RetryCount = retries == 5 ? null : retries,
                TestTimeoutSeconds = limit > 600 ? double.NaN : limit,
                Tags = retries == 0 ? [] : ["t", name],
                Definition = lane == 1 ? """{"task":[1,2.5,"ü"]}""" : "",
            });
        testCase.Array[0, 40].Sample(cases =>
        {
            using var plan = Freeze(cases);
            Assert.Equal(cases.Length, plan.Count);
            for (var i = 0; i < cases.Length; i++)
            {
                var read = plan.Load(i);
                Assert.Equal(cases[i].Name, read.Name);
                Assert.Equal(cases[i].GetParameters(), read.GetParameters());
                Assert.Equal(cases[i].Lane, read.Lane);
                Assert.Equal(cases[i].Lane, plan.LaneNames[plan.LaneOf(i)]);
                Assert.Equal(cases[i].RetryCount, read.RetryCount);
                Assert.Equal(cases[i].RetryCount ?? -1, plan.RetryCountOf(i));
                Assert.Equal(cases[i].TestTimeoutSeconds, read.TestTimeoutSeconds);
                Assert.Equal(cases[i].Tags, read.Tags);
                Assert.Equal(cases[i].Definition, read.Definition);
            }

            for (var lane = 0; lane < plan.LaneNames.Count; lane++)
            {
                var members = new List<int>();
                for (var i = plan.FirstOfLane(lane); i >= 0; i = plan.NextInLane(i))
                {
                    members.Add(i);
                }

                Assert.Equal(Enumerable.Range(0, cases.Length).Where(i => cases[i].Lane == plan.LaneNames[lane]), members);
            }
        }, iter: 200, threads: 1);
    }

    [Fact]
    public void Columns_are_typed_over_the_whole_plan()
    {
        using var file = new MemoryStream();
        using var writer = new PlanWriter(file.Write, [Noop]);
        writer.Add(Case("a", ("n", 1L), ("mixed", 1L), ("flag", true), ("id", "u1"), ("empty", null)));
        writer.Add(Case("b", ("n", 2.5), ("mixed", "one"), ("flag", false), ("id", "u2"), ("empty", null)));
        var schema = writer.Finish();

        Assert.Equal(
            ["n n Number", "mixed mixed Text", "flag flag Boolean", "ParamId param_id Text", "empty empty Text"],
            schema.Parameters.Select(c => $"{c.Property} {c.Column} {c.Type}"));
        Assert.Equal(["Ticks"], schema.Metrics.Select(c => c.Property));
        Assert.Equal(3, schema.FindParameter("id"));
    }

    [Fact]
    public void A_number_that_a_column_of_numbers_cannot_hold_makes_it_one_of_text_and_keeps_its_digits()
    {
        using var file = new MemoryStream();
        using var writer = new PlanWriter(file.Write, [Noop]);
        TestCase[] cases =
        [
            Case("a", ("seed", 1L), ("edge", 1L << 53), ("limit", 2.5), ("gap", 1.5)),
            Case("b", ("seed", (1L << 53) + 1), ("edge", -(1L << 53)), ("limit", double.PositiveInfinity), ("gap", double.NaN)),
        ];
        Array.ForEach(cases, writer.Add);
        var schema = writer.Finish();
        Assert.Equal(["seed Text", "edge Number", "limit Text", "gap Number"], schema.Parameters.Select(c => $"{c.Property} {c.Type}"));

        using var plan = Freeze(cases);
        Assert.Equal(["9007199254740993", -9007199254740992.0, "Infinity", null], schema.ParametersOf(plan.Load(1)));
    }

    [Fact]
    public void Two_parameters_of_a_case_that_would_be_one_column_are_refused()
    {
        using var writer = new PlanWriter(_ => { }, [Noop]);
        writer.Add(Case("a", ("max_tokens", 1L), ("#", 1L)));
        writer.Add(Case("b", ("MaxTokens", 1L), ("%", 1L)));
        var error = Assert.Throws<TestBatchException>(() => writer.Add(Case("c", ("#", "x"), ("%", "y"))));
        Assert.Equal("ParametersClash", error.ErrorId);
        Assert.Contains("'#' and '%'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_that_nothing_runs_is_refused_by_name()
    {
        using var writer = new PlanWriter(_ => { }, [Noop]);
        var error = Assert.Throws<TestBatchException>(() => writer.Add(new TestCase("pester", "net.Tests.ps1")));
        Assert.Equal("UnknownTestKind", error.ErrorId);
        Assert.Contains("'pester'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"id\":\"00\"}\n", "is no test case")]
    [InlineData("not json\n", "is no test case")]
    [InlineData("{\"id\":", "is cut off")]
    public void A_damaged_plan_is_refused_with_the_line(string extra, string problem)
    {
        var path = WritePlan([Case("a"), Case("b")]);
        File.AppendAllText(path, extra);

        var error = Assert.Throws<TestBatchException>(() => FrozenPlan.Open(DiskFiles.Instance, path, _ => null!));

        Assert.Equal("PlanDamaged", error.ErrorId);
        Assert.Contains("Line 3 of", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private FrozenPlan Freeze(IEnumerable<TestCase> cases) => FrozenPlan.Open(DiskFiles.Instance, WritePlan(cases), _ => throw new InvalidOperationException());

    private string WritePlan(IEnumerable<TestCase> cases)
    {
        var path = Path.Combine(_folder, "plan.jsonl");
        using var file = File.Create(path);
        using var writer = new PlanWriter(file.Write, [Noop]);
        foreach (var testCase in cases)
        {
            writer.Add(testCase);
        }

        writer.Finish();
        return path;
    }

    private static TestCase Case(string name, params (string Name, object? Value)[] parameters) =>
        new("noop", name, parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)));
}
