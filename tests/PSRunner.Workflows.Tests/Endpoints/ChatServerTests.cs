using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using PSRunner.ModelServer;
using PSRunner.Workflows.Endpoints;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>The test server keeps its word: real sockets, a bare client, and what the product makes of each fault.</summary>
public sealed class ChatServerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_conversation_is_answered_by_the_wit_with_its_usage()
    {
        await using var server = ChatServer.Start(new ServerOptions { Wit = r => new ChatReply($"{r.Messages.Count} messages, tools: {string.Join(',', r.Tools)}") });
        using var client = new HttpClient();

        var body = Request("hello", stream: false);
        body["tools"] = new JsonArray(new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = "look" } });
        var answer = await Post(client, server.Endpoint, body);

        var json = JsonNode.Parse(answer.Body)!;
        Assert.Equal("1 messages, tools: look", (string?)json["choices"]![0]!["message"]!["content"]);
        Assert.Equal("stop", (string?)json["choices"]![0]!["finish_reason"]);
        Assert.True((int)json["usage"]!["total_tokens"]! > 0);
        Assert.Equal(1, server.Answered);
    }

    [Fact]
    public async Task A_stream_says_the_same_in_pieces_and_ends_with_its_usage()
    {
        var text = string.Concat(Enumerable.Range(0, 100).Select(i => $"word {i}, "));
        await using var server = ChatServer.Start(new ServerOptions { Wit = _ => new ChatReply(text) { Calls = [new("look", """{"at":1}""")] } });
        using var client = new HttpClient();

        var answer = await Post(client, server.Endpoint, Request("hello", stream: true));

        var events = answer.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(e => e["data: ".Length..]).ToList();
        Assert.Equal("[DONE]", events[^1]);
        var deltas = events[..^1].Select(e => JsonNode.Parse(e)!).ToList();
        Assert.Equal(text, string.Concat(deltas.Select(d => (string?)d["choices"]!.AsArray().FirstOrDefault()?["delta"]?["content"])));
        Assert.Contains(deltas, d => (string?)d["choices"]!.AsArray().FirstOrDefault()?["delta"]?["tool_calls"]?[0]!["function"]!["name"] == "look");
        Assert.NotNull(deltas[^1]["usage"]);
    }

    [Fact]
    public async Task The_connection_is_kept_for_many_requests_at_once_from_many_clients()
    {
        await using var server = ChatServer.Start();
        using var client = new HttpClient();

        await Parallel.ForAsync(0, 500, new ParallelOptions { MaxDegreeOfParallelism = 50, CancellationToken = Stop }, async (i, _) =>
            Assert.Contains($"number {i}.", (await Post(client, server.Endpoint, Request($"number {i}.", i % 2 == 0))).Body, StringComparison.Ordinal));
        Assert.Equal(500, server.Answered);
    }

    [Fact]
    public async Task Keys_and_models_are_checked_and_a_key_can_be_revoked()
    {
        await using var server = ChatServer.Start(new ServerOptions { Keys = ["good"], Models = ["m"] });
        using var client = new HttpClient();

        Assert.Equal(200, (await Post(client, server.Endpoint, Request("x", false), "good")).Status);
        Assert.Equal(401, (await Post(client, server.Endpoint, Request("x", false), "bad")).Status);
        var unknown = Request("x", false);
        unknown["model"] = "other";
        Assert.Equal(404, (await Post(client, server.Endpoint, unknown, "good")).Status);

        server.Revoke("good");
        Assert.Equal("auth", Cause(await Post(client, server.Endpoint, Request("x", false), "good")));
    }

    [Fact]
    public async Task The_hidden_capacity_is_kept_and_told_in_headers_when_it_is_used_up()
    {
        // A clock that stands still refills nothing.
        await using var server = ChatServer.Start(new ServerOptions { Time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(), Capacity = new Capacity { RequestsPerMinute = 60, BurstSeconds = 5 } });
        using var client = new HttpClient();

        var answers = new List<Answer>();
        for (var i = 0; i < 8; i++)
        {
            answers.Add(await Post(client, server.Endpoint, Request("x", false)));
        }

        Assert.Equal([200, 200, 200, 200, 200, 429, 429, 429], answers.Select(a => a.Status));
        var fault = Fault(answers[^1]);
        Assert.Equal((Causes.Throttled, 1, "Requests"), (fault.Cause, fault.RetryAfter!.Value.TotalSeconds, $"{fault.Scope}"));
        Assert.Equal((5, 3), (server.Answered, server.Refused));
    }

    [Fact]
    public async Task Requests_at_once_are_limited_and_latency_grows_with_them()
    {
        await using var server = ChatServer.Start(new ServerOptions { Capacity = new Capacity { Concurrency = 3, Latency = TimeSpan.FromMilliseconds(200), LatencyGrowth = 0.5 } });
        using var client = new HttpClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Post(client, server.Endpoint, Request("x", false))));

        Assert.InRange(answers.Count(a => a.Status == 200), 3, 9);
        Assert.True(server.Refused >= 1);
    }

    [Theory]
    [InlineData(ModelServer.Fault.Throttled, Causes.Throttled)]
    [InlineData(ModelServer.Fault.ThrottledBare, Causes.Throttled)]
    [InlineData(ModelServer.Fault.ThrottledInBody, Causes.Throttled)]
    [InlineData(ModelServer.Fault.QuotaUsedUp, Causes.Quota)]
    [InlineData(ModelServer.Fault.ServerError, Causes.ServerError)]
    [InlineData(ModelServer.Fault.WrongJson, Causes.GarbageReply)]
    [InlineData(ModelServer.Fault.Html, Causes.GarbageReply)]
    [InlineData(ModelServer.Fault.Redirect, Causes.GarbageReply)]
    [InlineData(ModelServer.Fault.KeyRevoked, Causes.Auth)]
    [InlineData(ModelServer.Fault.ContentFilter, Causes.Refused)]
    [InlineData(ModelServer.Fault.CloseInTheMiddle, Causes.Connection)]
    [InlineData(ModelServer.Fault.WrongContentLength, Causes.Connection)]
    [InlineData(ModelServer.Fault.Reset, Causes.Connection)]
    [InlineData(ModelServer.Fault.NeverAnswer, Causes.NoReply)]
    [InlineData(ModelServer.Fault.OneByteASecond, Causes.NoReply)]
    [InlineData(ModelServer.Fault.SlowHeaders, Causes.NoReply)]
    public async Task Each_fault_has_its_cause_with_and_without_a_stream(Fault fault, string cause)
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(fault) });
        var isSlow = cause == Causes.NoReply;
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = isSlow ? TimeSpan.FromSeconds(0.5) : Patience };

        foreach (var stream in new[] { false, true })
        {
            Assert.Equal(cause, await CauseOf(() => Post(client, server.Endpoint, Request("hello", stream))));
        }

        Assert.Equal(2, server.Faulted);
    }

    [Theory]
    [InlineData(ModelServer.Fault.EmptyContent, "")]
    [InlineData(ModelServer.Fault.ReasoningOnly, "")]
    [InlineData(ModelServer.Fault.CutInTag, "You said: <tool_call>x</t")]
    public async Task Faults_of_content_come_in_proper_completions(Fault fault, string content)
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(fault) });
        using var client = new HttpClient();

        var message = JsonNode.Parse((await Post(client, server.Endpoint, Request("<tool_call>x</tool_call>", false))).Body)!["choices"]![0]!["message"]!;
        Assert.Equal(content, (string?)message["content"]);
        Assert.Equal(fault == ModelServer.Fault.ReasoningOnly, message["reasoning_content"] is not null);
    }

    [Fact]
    public async Task A_huge_reply_is_ten_megabytes()
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(ModelServer.Fault.HugeReply) });
        using var client = new HttpClient();

        Assert.All([(await Post(client, server.Endpoint, Request("x", false))).Body, (await Post(client, server.Endpoint, Request("x", true))).Body], body => Assert.InRange(body.Length, 10_000_000, 12_000_000));
    }

    [Fact]
    public async Task TLS_and_unknown_names_fail_as_connections()
    {
        await using var server = ChatServer.Start();
        using var client = new HttpClient { Timeout = Patience };

        Assert.Equal(Causes.Connection, await CauseOf(() => Post(client, server.TlsEndpoint, Request("x", false))));
        Assert.Equal(Causes.Connection, await CauseOf(() => Post(client, new Uri("http://nowhere.invalid/v1"), Request("x", false))));
        Assert.Equal(200, (await Post(client, server.Endpoint, Request("x", false))).Status);
    }

    [Fact]
    public async Task A_mixed_script_meets_its_share_of_the_requests_and_is_told()
    {
        var met = new System.Collections.Concurrent.ConcurrentBag<Fault?>();
        await using var server = ChatServer.Start(new ServerOptions
        {
            Faults = FaultScripts.Mixed(0.1, seed: 1, ModelServer.Fault.ServerError, ModelServer.Fault.ThrottledInBody),
            Served = (_, fault) => met.Add(fault),
        });
        using var client = new HttpClient();
        for (var i = 0; i < 500; i++)
        {
            await Post(client, server.Endpoint, Request("x", false));
        }

        Assert.InRange(met.Count(f => f is not null), 30, 75);
        Assert.Equal((500, met.Count(f => f is not null)), (met.Count, server.Faulted));
    }

    [Fact]
    public async Task Closing_ends_requests_that_are_never_answered()
    {
        var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(ModelServer.Fault.NeverAnswer) });
        using var client = new HttpClient { Timeout = Patience };
        var waiting = CauseOf(() => Post(client, server.Endpoint, Request("x", false)));
        while (server.Faulted == 0)
        {
            await Task.Yield();
        }

        var watch = Stopwatch.StartNew();
        await server.DisposeAsync();
        Assert.Equal(Causes.Connection, await waiting);
        output.WriteLine($"closed in {watch.Elapsed}");
        Assert.True(watch.Elapsed < Patience);
    }

    private static JsonObject Request(string text, bool stream) => new()
    {
        ["model"] = "m",
        ["stream"] = stream,
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
    };

    private static async Task<Answer> Post(HttpClient client, Uri endpoint, JsonObject body, string key = "k")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{endpoint}/chat/completions") { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new("Bearer", key);
        using var response = await client.SendAsync(request, Stop);
        var headers = response.Headers.ToDictionary(h => h.Key, h => h.Value.First(), StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync(Stop));
    }

    private static async Task<string?> CauseOf(Func<Task<Answer>> send)
    {
        try
        {
            return Cause(await send());
        }
        catch (Exception error) when (HttpFaults.OfException(error) is { } fault)
        {
            return fault.Cause;
        }
    }

    private static string Cause(Answer answer) => Fault(answer).Cause;

    private static HttpFault Fault(Answer answer) =>
        HttpFaults.OfAnswer((HttpStatusCode)answer.Status, answer.Headers.GetValueOrDefault, answer.Body, DateTimeOffset.UnixEpoch);

    private sealed record Answer(int Status, Dictionary<string, string> Headers, string Body);
}
