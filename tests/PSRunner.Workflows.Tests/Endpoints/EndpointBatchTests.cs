using System.Collections.Concurrent;
using PSRunner.Engine.Observation;
using PSRunner.ModelServer;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Scoring;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>Whole batches over HTTP: the engine, the endpoints, the test server.</summary>
public sealed class EndpointBatchTests(ITestOutputHelper output) : IDisposable
{
    private readonly EndpointBatch _batch = new();

    public void Dispose() => _batch.Dispose();

    /// <summary>
    /// The batch of the flawed prompts behind HTTP. PSRUNNER_LONG_TESTS=1 runs all of it, as module/Examples/FlawedPrompts.ps1
    /// does, at ten requests a second, which takes eight minutes; else one model, one instance and a higher rate.
    /// </summary>
    [Fact]
    public async Task Over_HTTP_the_flawed_prompts_score_as_in_process_and_the_rate_is_kept()
    {
        var isLong = Environment.GetEnvironmentVariable("PSRUNNER_LONG_TESTS") == "1";
        var (rate, instances) = isLong ? (10.0, 5) : (60.0, 1);
        string[] profiles = isLong ? ["sim-strong", "sim-weak", "sim-unclosed-tags"] : ["sim-strong"];
        var wit = new Wit(profiles.ToDictionary(p => "remote-" + p));
        var arrivals = new ConcurrentQueue<TimeSpan>();
        var began = TimeProvider.System.GetTimestamp();
        await using var server = ChatServer.Start(new ServerOptions { Wit = wit.Reply, Served = (_, _) => arrivals.Enqueue(TimeProvider.System.GetElapsedTime(began)) });
        foreach (var name in wit.Profiles.Keys)
        {
            _batch.Register(name, server.Endpoint, e => e with { RequestsPerMinute = double.NaN });
        }

        var cases = WorkflowCases.Create(new() { Model = [.. wit.Profiles.Keys], PromptType = ["flawed_*"], Instances = instances, Seed = 42 }, _batch.Catalog).ToList();

        var inProcess = _batch.Run(cases, catalog: new InProcess(wit));
        var overHttp = _batch.Run(cases, o => o with { RequestsPerSecond = rate });

        Assert.Equal((BatchStates.Completed, cases.Count), (overHttp.Batch.State, overHttp.Results.Count));

        // The server knows a case by its prompt; the few that share one with another cannot be told apart there.
        var compared = inProcess.Results.Where(r => !wit.Ambiguous.Contains(r.Id)).OrderBy(r => r.Id).Select(Judgement).ToList();
        var found = overHttp.Results.Where(r => !wit.Ambiguous.Contains(r.Id)).OrderBy(r => r.Id).Select(Judgement).ToList();
        output.WriteLine($"{overHttp.Results.Count} results, {server.Requests} requests in {arrivals.Max().TotalSeconds:0} s; {compared.Count} compared, {compared.Intersect(found).Count()} equal. {string.Join(' ', overHttp.Notes)}");
        Assert.True(compared.Count >= 0.8 * cases.Count, $"{compared.Count} cases are compared");
        Assert.Equal(compared, found);

        // Over any second no more than the rate, what late timers may catch up, and what a busy machine was late to count.
        var times = arrivals.Order().ToList();
        Assert.All(times.Select((t, i) => times.Skip(i).TakeWhile(u => u - t < TimeSpan.FromSeconds(1)).Count()), count => Assert.InRange(count, 0, Math.Max(rate * 1.5, rate + 5)));
        var metrics = overHttp.Results[0].GetMetrics().ToDictionary(m => m.Key, m => m.Value);
        Assert.All([MetricNames.InputTokens, MetricNames.OutputTokens, MetricNames.RateWaitSeconds, MetricNames.SecondsPerTurn], name => Assert.True(metrics[name] > 0, name));
        Assert.Equal((0, double.NaN), (metrics[MetricNames.Resends], metrics[MetricNames.Cost]));
        Assert.Equal(overHttp.Results.Sum(r => r.GetMetrics().First(m => m.Key == MetricNames.Requests).Value) + (2 * profiles.Length), server.Requests);
    }

    [Theory]
    [InlineData(Fault.KeyRevoked, Causes.Auth)]
    [InlineData(Fault.Html, Causes.GarbageReply)]
    public async Task A_canary_that_dies_keeps_every_case_of_its_model_from_beginning(Fault fault, string cause)
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(fault) });
        await using var healthy = ChatServer.Start();
        _batch.Register("bad", server.Endpoint);
        _batch.Register("good", healthy.Endpoint);

        var ended = _batch.Run(Cases(["bad", "good"], instances: 20));

        Assert.Equal(BatchStates.Stopped, ended.Batch.State);
        Assert.All(ended.Results, r => Assert.Equal("good", r.GetParameters().First(p => p.Key == "Model").Value));
        Assert.Equal(100, ended.Results.Count);
        Assert.Single(ended.Notes, n => n.Contains($"the first request to endpoint 'bad' failed: {cause}", StringComparison.Ordinal));
        Assert.Contains(cause, ended.Batch.Message, StringComparison.Ordinal);
        Assert.InRange(server.Requests, 1, 3);
        Assert.Contains(cause, File.ReadAllText(Path.Combine(ended.Batch.RunFolder, EndpointRecord.FileName)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canary_that_dies_stops_its_model_also_in_the_lane_of_a_resource_and_no_other_model_there()
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(Fault.KeyRevoked) });
        await using var healthy = ChatServer.Start(new ServerOptions { Capacity = new Capacity { Latency = TimeSpan.FromMilliseconds(20) } });
        _batch.Register("bad", server.Endpoint);
        _batch.Register("good", healthy.Endpoint);
        var cases = WorkflowCases.Create(new() { Model = ["bad", "good"], TaskType = ["simple_task"], Instances = 20, Resource = "gpu" }, _batch.Catalog);

        var ended = _batch.Run(cases, o => o with { ResourceLimit = new Dictionary<string, int> { ["gpu"] = 5 } });

        Assert.Equal((BatchStates.Stopped, 20), (ended.Batch.State, ended.Results.Count));
        Assert.All(ended.Results, r => Assert.Equal("good", r.GetParameters().First(p => p.Key == "Model").Value));
        Assert.Single(ended.Notes, n => n.StartsWith("The tests of model 'bad' stay pending: the first request to endpoint 'bad' failed: auth", StringComparison.Ordinal));
        Assert.Equal(ended.Notes[^1], ended.Batch.Message);
        Assert.InRange(server.Requests, 1, 3);

        // Nothing was lost and nothing counts: with a good key they run.
        _batch.Register("bad", healthy.Endpoint);
        var resumed = _batch.Resume(ended.Batch.RunFolder, new ResumeOptions());
        Assert.Equal((BatchStates.Completed, 20), (resumed.Batch.State, resumed.Results.Count));
    }

    [Fact]
    public async Task An_unknown_model_and_a_missing_key_are_told_before_anything_runs()
    {
        await using var server = ChatServer.Start(new ServerOptions { Models = ["known"] });
        _batch.Register("unknown", server.Endpoint);
        var ended = _batch.Run(Cases(["unknown"], instances: 2));
        Assert.Empty(ended.Results);
        Assert.Contains(ended.Notes, n => n.Contains("bad-request", StringComparison.Ordinal) && n.Contains("There is no such model", StringComparison.Ordinal));

        _batch.Register("keyless", server.Endpoint, e => e with { ApiKeyVariable = ["NO_SUCH_VARIABLE_HERE"] });
        var missing = Assert.Throws<TestBatchException>(() => _batch.Run(Cases(["keyless"], instances: 1)));
        Assert.Equal("ApiKeyMissing", missing.ErrorId);
        Assert.Contains("$env:NO_SUCH_VARIABLE_HERE is not set", missing.Message, StringComparison.Ordinal);

        var cases = Cases(["keyless"], instances: 1);
        _batch.Registry.Remove("keyless");
        Assert.Equal("EndpointNotFound", Assert.Throws<TestBatchException>(() => _batch.Run(cases)).ErrorId);
        _batch.Register("session", server.Endpoint, e => e with { ApiKeyVariable = [], IsSessionKey = true });
        Assert.Contains("stored nowhere", Assert.Throws<TestBatchException>(() => _batch.Run(Cases(["session"], instances: 1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_of_requests_is_kept_to_over_sessions_and_the_batch_goes_on_with_a_higher_one()
    {
        await using var server = ChatServer.Start();
        _batch.Register("m", server.Endpoint);

        var first = _batch.Run(Cases(["m"], instances: 4), o => o with { MaxRequests = 21 });
        Assert.Equal((BatchStates.BudgetReached, 21), (first.Batch.State, Counted()));
        Assert.Contains("-MaxRequests 21", first.Batch.Message, StringComparison.Ordinal);

        var second = _batch.Resume(first.Batch.RunFolder, new ResumeOptions());
        Assert.Equal((BatchStates.BudgetReached, 21), (second.Batch.State, Counted()));

        var third = _batch.Resume(first.Batch.RunFolder, new ResumeOptions { MaxRequests = 1000 });
        Assert.Equal((BatchStates.Completed, 20), (third.Batch.State, first.Results.Count + third.Results.Count));

        // What was counted may have been cut off by the end before it went out.
        long Counted()
        {
            Assert.InRange(server.Requests, 1, 21);
            return EndpointRecord.Open(first.Batch.RunFolder, session: 9).Used.Requests;
        }
    }

    [Fact]
    public async Task What_durable_results_used_counts_though_the_record_of_it_was_lost()
    {
        await using var server = ChatServer.Start();
        _batch.Register("m", server.Endpoint);

        // One at a time and ten turns each at most: a case ends before the budget does.
        var first = _batch.Run(Cases(["m"], instances: 4), o => o with { MaxRequests = 21, ThrottleLimit = 1 });
        var told = first.Results.Sum(r => r.GetMetrics().First(m => m.Key == MetricNames.Requests).Value);
        Assert.InRange(told, 1, 21);
        Assert.Equal(21, Used(first.Batch));

        File.Delete(Path.Combine(first.Batch.RunFolder, EndpointRecord.FileName));
        var second = _batch.Resume(first.Batch.RunFolder, new ResumeOptions());

        Assert.Equal((BatchStates.BudgetReached, 21), (second.Batch.State, Used(second.Batch)));
        Assert.InRange(server.Requests, 1, 21 + 21 - told);
    }

    [Fact]
    public async Task Tokens_and_money_end_a_batch_and_are_exceeded_by_what_is_in_flight_at_most()
    {
        await using var server = ChatServer.Start();
        _batch.Register("m", server.Endpoint, e => e with { InputPrice = 1000, OutputPrice = 1000 });

        var byTokens = _batch.Run(Cases(["m"], instances: 4), o => o with { MaxTokens = 3000, ThrottleLimit = 2 });
        Assert.Equal(BatchStates.BudgetReached, byTokens.Batch.State);
        var byCost = _batch.Run(Cases(["m"], instances: 4), o => o with { MaxCost = 2, ThrottleLimit = 2 });
        Assert.Equal(BatchStates.BudgetReached, byCost.Batch.State);
        output.WriteLine($"{byTokens.Batch.Message} {byCost.Batch.Message}");

        _batch.Register("free", server.Endpoint);
        Assert.Equal("PriceMissing", Assert.Throws<TestBatchException>(() => _batch.Run(Cases(["free"], instances: 1), o => o with { MaxCost = 1 })).ErrorId);
    }

    [Fact]
    public async Task The_rate_of_a_batch_that_runs_is_set_from_another_shell()
    {
        await using var server = ChatServer.Start();
        _batch.Register("m", server.Endpoint);

        // At the first rate it would take hours.
        using var session = _batch.Start(Cases(["m"], instances: 4), o => o with { RequestsPerSecond = 0.005 });
        Assert.Equal(0.005, session.GetProgress().RequestsPerSecond);
        using var never = new ManualResetEvent(false);
        Assert.True(BatchControl.SetRequestsPerSecond(session.Batch.RunFolder, 500, never));

        var progress = session.GetProgress();
        Assert.Equal(500, progress.RequestsPerSecond);
        Assert.StartsWith("m ", progress.EndpointLimits, StringComparison.Ordinal);
        var ended = EndpointBatch.Drain(session);
        Assert.Equal((BatchStates.Completed, 20), (ended.Batch.State, ended.Results.Count));
    }

    [Fact]
    public async Task An_endpoint_that_a_changed_plan_adds_is_opened_asked_first_and_used()
    {
        await using var first = ChatServer.Start();
        await using var second = ChatServer.Start();
        _batch.Register("first", first.Endpoint);
        _batch.Register("second", second.Endpoint);
        var before = _batch.Run(Cases(["first"], instances: 1));
        Assert.Equal(0, second.Requests);

        _batch.Change(before.Batch.RunFolder, Cases(["first", "second"], instances: 1));
        var asked = first.Requests;
        var after = _batch.Resume(before.Batch.RunFolder, new ResumeOptions());

        Assert.Equal((BatchStates.Completed, 10), (after.Batch.State, after.Batch.Done));
        Assert.All(after.Results, r => Assert.Equal("second", r.GetParameters().First(p => p.Key == "Model").Value));
        Assert.True(after.Results.All(r => r.Scored) && second.Requests > 5);
        Assert.True(first.Requests - asked <= 2, "Only the canary may ask the first endpoint again.");
        Assert.Contains("\"second\"", File.ReadAllText(Path.Combine(before.Batch.RunFolder, "endpoints.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_plan_whose_endpoint_has_no_key_is_refused_before_anything_starts()
    {
        await using var server = ChatServer.Start();
        _batch.Register("first", server.Endpoint);
        _batch.Register("second", server.Endpoint, e => e with { ApiKeyVariable = ["PSRUNNER_TEST_NO_SUCH_VARIABLE"] });
        var before = _batch.Run(Cases(["first"], instances: 1));
        _batch.Change(before.Batch.RunFolder, Cases(["first", "second"], instances: 1));
        var asked = server.Requests;

        var refused = Assert.Throws<TestBatchException>(() => _batch.Resume(before.Batch.RunFolder, new ResumeOptions()));
        Assert.Equal(("ApiKeyMissing", asked), (refused.ErrorId, server.Requests));
    }

    private static long Used(TestBatch batch)
    {
        using var record = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(batch.RunFolder, EndpointRecord.FileName)));
        return record.RootElement.GetProperty("used").GetProperty("requests").GetInt64();
    }

    private List<TestCase> Cases(string[] models, int instances) =>
        [.. WorkflowCases.Create(new() { Model = models, PromptType = ["baseline"], Instances = instances }, _batch.Catalog)];

    private static string Judgement(TestResult result) =>
        $"{result.Id} {result.Outcome} {result.Cause} {result.Score} {string.Join(' ', result.GetMetrics().Where(m => !MetricNames.OfEndpoint.Contains(m.Key)).Select(m => $"{m.Key}={m.Value}"))}";
}
