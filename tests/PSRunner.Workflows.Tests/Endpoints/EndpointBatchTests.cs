using System.Collections.Concurrent;
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

    [Fact]
    public async Task Over_HTTP_the_flawed_prompts_score_as_in_process_and_the_rate_is_kept()
    {
        const double rate = 60;
        var wit = new Wit("sim-strong");
        var arrivals = new ConcurrentQueue<TimeSpan>();
        var began = TimeProvider.System.GetTimestamp();
        await using var server = ChatServer.Start(new ServerOptions { Wit = wit.Reply, Served = (_, _) => arrivals.Enqueue(TimeProvider.System.GetElapsedTime(began)) });
        _batch.Register("remote", server.Endpoint, e => e with { RequestsPerMinute = double.NaN });
        var cases = WorkflowCases.Create(new() { Model = ["remote"], PromptType = ["flawed_*"], Instances = 1, Seed = 42 }, _batch.Catalog).ToList();

        var inProcess = _batch.Run(cases, catalog: new InProcess("remote", "sim-strong", wit));
        var overHttp = _batch.Run(cases, o => o with { RequestsPerSecond = rate });

        output.WriteLine($"{overHttp.Results.Count} results, {server.Requests} requests, {string.Join(' ', overHttp.Notes)}");
        Assert.Equal((BatchStates.Completed, cases.Count), (overHttp.Batch.State, overHttp.Results.Count));

        // The server knows a case by its prompt; the few that share one with another cannot be told apart there.
        var compared = inProcess.Results.Where(r => !wit.Ambiguous.Contains(r.Id)).OrderBy(r => r.Id).ToList();
        Assert.True(compared.Count >= 30, $"{compared.Count} cases are compared");
        Assert.Equal(compared.Select(Judgement), overHttp.Results.Where(r => !wit.Ambiguous.Contains(r.Id)).OrderBy(r => r.Id).Select(Judgement));

        // Over any second no more than the rate and one, and what is late by the clock of a busy machine.
        var times = arrivals.Order().ToList();
        Assert.All(times.Select((t, i) => times.Skip(i).TakeWhile(u => u - t < TimeSpan.FromSeconds(1)).Count()), count => Assert.InRange(count, 0, rate * 1.25));
        var metrics = overHttp.Results[0].GetMetrics().ToDictionary(m => m.Key, m => m.Value);
        Assert.All([MetricNames.InputTokens, MetricNames.OutputTokens, MetricNames.RateWaitSeconds, MetricNames.SecondsPerTurn], name => Assert.True(metrics[name] > 0, name));
        Assert.Equal((0, double.NaN), (metrics[MetricNames.Resends], metrics[MetricNames.Cost]));
        Assert.Equal(overHttp.Results.Sum(r => r.GetMetrics().First(m => m.Key == MetricNames.Requests).Value) + 2, server.Requests);
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

    private List<TestCase> Cases(string[] models, int instances) =>
        [.. WorkflowCases.Create(new() { Model = models, PromptType = ["baseline"], Instances = instances }, _batch.Catalog)];

    private static string Judgement(TestResult result) =>
        $"{result.Id} {result.Outcome} {result.Cause} {result.Score} {string.Join(' ', result.GetMetrics().Where(m => !MetricNames.OfEndpoint.Contains(m.Key)).Select(m => $"{m.Key}={m.Value}"))}";
}
