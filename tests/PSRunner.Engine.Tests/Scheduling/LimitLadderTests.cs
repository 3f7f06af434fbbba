using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

public class LimitLadderTests
{
    private static readonly PlanFacts Scripts = new(5600, AllJudgeModels: false, DefaultTestSeconds: 600);

    [Theory]
    [InlineData(null, null, null, null, 120, 300, 600)]
    [InlineData(null, null, 30.0, null, 24, 30, 30)]
    [InlineData(null, null, 2.0, null, 1.6, 2, 2)]
    [InlineData(null, 60.0, null, null, 48, 60, 600)]
    [InlineData(null, 900.0, null, null, 120, 900, 900)]
    [InlineData(400.0, null, null, null, 400, 500, 600)]
    [InlineData(1000.0, null, null, null, 1000, 1250, 1250)]
    [InlineData(590.0, null, 600.0, null, 590, 600, 600)]
    [InlineData(null, null, null, 60.0, 48, 60, 60)]
    [InlineData(30.0, 30.0, 30.0, 30.0, 30, 30, 30)]
    public void Rungs_that_are_not_given_fit_themselves(
        double? request, double? stall, double? test, double? batch, double fitRequest, double fitStall, double fitTest)
    {
        var limits = LimitLadder.Resolve(Asked(request, stall, test, batch), Scripts);

        Assert.Equal((fitRequest, fitStall, fitTest), (limits.Request.TotalSeconds, limits.Stall.TotalSeconds, limits.Test.TotalSeconds));
        Assert.True(batch is null ? limits.Batch > limits.Test : limits.Batch.TotalSeconds == batch);
    }

    [Fact]
    public void Two_given_rungs_that_contradict_are_named_with_their_values()
    {
        var error = Assert.Throws<TestBatchException>(() => LimitLadder.Resolve(Asked(null, 60, 30, null), Scripts));

        Assert.Equal(("LimitsDoNotFit", ErrorKind.InvalidArgument), (error.ErrorId, error.Kind));
        Assert.Equal(
            "The limits do not fit: -StallTimeoutSeconds 60 is longer than -TestTimeoutSeconds 30, so the longer one could never act. Change one of the two; limits you leave out fit themselves.",
            error.Message);
    }

    [Theory]
    [InlineData(70.0, 60.0, null, null)]
    [InlineData(70.0, null, 60.0, null)]
    [InlineData(70.0, null, null, 60.0)]
    [InlineData(null, 70.0, null, 60.0)]
    [InlineData(null, null, 70.0, 60.0)]
    public void Every_pair_of_given_rungs_is_checked(double? request, double? stall, double? test, double? batch) =>
        Assert.Equal("LimitsDoNotFit", Assert.Throws<TestBatchException>(() => LimitLadder.Resolve(Asked(request, stall, test, batch), Scripts)).ErrorId);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    public void A_limit_is_more_than_nothing_and_less_than_for_ever(double seconds)
    {
        Assert.Equal("LimitOutOfRange", Assert.Throws<TestBatchException>(() => LimitLadder.Resolve(Asked(null, null, seconds, null), Scripts)).ErrorId);
        Assert.Equal("LimitOutOfRange", Assert.Throws<TestBatchException>(() => LimitLadder.Resolve(Asked(null, null, null, seconds), Scripts)).ErrorId);
        Assert.Equal("LimitOutOfRange", Assert.Throws<TestBatchException>(
            () => LimitLadder.Resolve(Asked(null, null, null, null) with { GracePeriodSeconds = seconds }, Scripts)).ErrorId);
    }

    [Theory]
    [InlineData(0, 2, null)]
    [InlineData(10_001, 2, null)]
    [InlineData(1, -1, null)]
    [InlineData(1, 2, 0)]
    public void Counts_have_their_ranges_too(int throttle, int retries, int? failures) =>
        Assert.Equal("LimitOutOfRange", Assert.Throws<TestBatchException>(() => LimitLadder.Resolve(
            Asked(null, null, null, null) with { ThrottleLimit = throttle, RetryCount = retries, MaxFailures = failures }, Scripts)).ErrorId);

    [Fact]
    public void The_batch_limit_is_what_the_plan_can_take_and_at_most_a_day()
    {
        double Bound(int count, int throttle, double own = 0, int retries = 0) => LimitLadder.Resolve(
            Asked(null, null, null, null) with { ThrottleLimit = throttle },
            new PlanFacts(count, false, 600, own, retries)).Batch.TotalSeconds;

        // Rounds x tries x (limit + grace), and the waits between the tries: 3 cases, 2 at once, 2 retries.
        Assert.Equal((2 * 3 * 605) + (2 * 2), Bound(3, 2));
        Assert.Equal((2 * 3 * 1005) + (2 * 2), Bound(3, 2, own: 1000));
        Assert.Equal((2 * 6 * 605) + (5 * 16), Bound(3, 2, retries: 5));
        Assert.Equal(24 * 3600, Bound(5600, 20));
        Assert.Equal((3 * 605) + (2 * 2), Bound(0, 20));
    }

    [Fact]
    public void The_batch_limit_leaves_time_for_what_is_not_the_tests_own()
    {
        double Bound(int retries, PlanFacts plan) => LimitLadder.Resolve(
            Asked(null, null, 1, null) with { ThrottleLimit = 2, GracePeriodSeconds = 0.5, RetryCount = retries }, plan).Batch.TotalSeconds;

        // Workers that are made ready, and providers that ask for minutes: 8 cases are four rounds, after which those that wait
        // may hold up the others once.
        Assert.Equal(60 + 1.5, Bound(0, new PlanFacts(2, false, 600) { ReadySeconds = 60 }));
        Assert.Equal((2 * 1.5) + 300, Bound(1, new PlanFacts(2, true, 900)));
        Assert.Equal((4 * 2 * 1.5) + (2 * 300), Bound(1, new PlanFacts(8, false, 900) { AnyJudgesModel = true }));
    }

    [Fact]
    public void A_resource_serves_one_case_at_a_time_unless_told_otherwise_and_the_batch_limit_knows_it()
    {
        var plan = new PlanFacts(10, false, 600, Lanes: new Dictionary<string, int> { [""] = 2, ["model:x"] = 2, ["gpu"] = 4, ["db"] = 2 });
        var options = Asked(null, null, null, null) with { ThrottleLimit = 5, RetryCount = 0, ResourceLimit = new Dictionary<string, int> { ["GPU"] = 2 } };
        var limits = LimitLadder.Resolve(options, plan);

        Assert.Equal([("db", 1), ("gpu", 2)], limits.Lanes.Select(l => (l.Key, l.Value)).Order());
        Assert.Equal((2 + 2) * 605, limits.Batch.TotalSeconds);
        var unknown = Assert.Throws<TestBatchException>(() => LimitLadder.Resolve(options with { ResourceLimit = new Dictionary<string, int> { ["tpu"] = 1 } }, plan));
        Assert.Equal(("ResourceUnknown", "-ResourceLimit names 'tpu', which no case needs: there are gpu, db."), (unknown.ErrorId, unknown.Message));
        Assert.Equal("LimitOutOfRange", Assert.Throws<TestBatchException>(
            () => LimitLadder.Resolve(options with { ResourceLimit = new Dictionary<string, int> { ["gpu"] = 0 } }, plan)).ErrorId);
    }

    [Fact]
    public void Who_waits_for_models_waits_for_twenty_at_once()
    {
        Assert.Equal(20, LimitLadder.Resolve(Asked(null, null, null, null), Scripts with { AllJudgeModels = true }).Throttle);
        Assert.Equal(Environment.ProcessorCount, LimitLadder.Resolve(Asked(null, null, null, null), Scripts).Throttle);
    }

    [Theory]
    [InlineData(null, null, 10, 8, 10)]
    [InlineData(null, null, 3600, 120, 300)]
    [InlineData(null, 60.0, 10, 8, 10)]
    [InlineData(null, 60.0, 3600, 48, 60)]
    [InlineData(50.0, 60.0, 10, 10, 10)]
    public void The_rungs_below_a_case_s_own_limit_fit_themselves(double? request, double? stall, double own, double fitRequest, double fitStall)
    {
        var attempt = LimitLadder.Resolve(Asked(request, stall, null, null), Scripts).ForAttempt(TimeSpan.FromSeconds(own));

        Assert.Equal((fitRequest, fitStall, own), (attempt.Request.TotalSeconds, attempt.Stall.TotalSeconds, attempt.Test.TotalSeconds));
    }

    private static BatchOptions Asked(double? request, double? stall, double? test, double? batch) => new()
    {
        OutputPath = "", RequestTimeoutSeconds = request, StallTimeoutSeconds = stall, TestTimeoutSeconds = test, BatchTimeoutSeconds = batch,
    };
}
