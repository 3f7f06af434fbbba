using Microsoft.Extensions.AI;
using PSRunner.ModelServer;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>The product's client against the test server: real sockets, the library of the provider, our pipeline.</summary>
public sealed class OpenAIEndpointTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reply_comes_with_its_text_and_its_calls(bool streams)
    {
        var text = string.Concat(Enumerable.Range(0, 50).Select(i => $"word {i} "));
        await using var server = ChatServer.Start(new ServerOptions { Wit = _ => new ChatReply(text) { Calls = [new("look", """{"at":1}""")] } });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Streams = streams });

        var reply = (await Updates(endpoint)).ToChatResponse();

        Assert.Equal(text, reply.Text);
        Assert.Equal("look", reply.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>().Single().Name);
        Assert.Equal((0, 1), (endpoint.Gate.Snapshot().InFlight, endpoint.Gate.Snapshot().Started));
    }

    public static TheoryData<Fault, string, bool> Faults => new(
        from row in new (Fault Fault, string Cause)[]
        {
            (ModelServer.Fault.Throttled, Causes.Throttled),
            (ModelServer.Fault.ThrottledBare, Causes.Throttled),
            (ModelServer.Fault.ThrottledInBody, Causes.Throttled),
            (ModelServer.Fault.QuotaUsedUp, Causes.Quota),
            (ModelServer.Fault.ServerError, Causes.ServerError),
            (ModelServer.Fault.WrongJson, Causes.GarbageReply),
            (ModelServer.Fault.Html, Causes.GarbageReply),
            (ModelServer.Fault.Redirect, Causes.GarbageReply),
            (ModelServer.Fault.EmptyContent, Causes.EmptyReply),
            (ModelServer.Fault.ReasoningOnly, Causes.EmptyReply),
            (ModelServer.Fault.KeyRevoked, Causes.Auth),
            (ModelServer.Fault.ContentFilter, Causes.Refused),
            (ModelServer.Fault.FilteredReply, Causes.Refused),
            (ModelServer.Fault.NeverEnds, Causes.GarbageReply),
            (ModelServer.Fault.ErrorInBody, Causes.ServerError),
            (ModelServer.Fault.CloseInTheMiddle, Causes.Connection),
            (ModelServer.Fault.Reset, Causes.Connection),
            (ModelServer.Fault.NeverAnswer, Causes.NoReply),
            (ModelServer.Fault.OneByteASecond, Causes.NoReply),
            (ModelServer.Fault.SlowHeaders, Causes.NoReply),
        }
        from streams in new[] { true, false }
        select (row.Fault, row.Cause, streams));

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Each_fault_ends_in_its_cause_and_gives_its_permit_back(Fault fault, string cause, bool streams)
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(fault) });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Streams = streams, Resends = 0, RequestLimit = TimeSpan.FromSeconds(cause == Causes.NoReply ? 1.5 : 30) });

        var error = await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint));

        output.WriteLine($"{error.Cause}: {error.Message}");
        Assert.Equal(cause, error.Cause);
        Assert.Equal(0, endpoint.Gate.Snapshot().InFlight);
        Assert.Equal(cause == Causes.Throttled ? 1 : 0, endpoint.Gate.Snapshot().Refused);
        Assert.DoesNotContain("the-secret-key", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_length_breaks_a_whole_reply_but_not_a_stream_that_says_its_own_end()
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(ModelServer.Fault.WrongContentLength) });
        using var whole = Endpoint(server.Endpoint, o => o with { Streams = false, Resends = 0 });
        using var stream = Endpoint(server.Endpoint, o => o with { Resends = 0 });

        Assert.Equal(Causes.Connection, (await Assert.ThrowsAsync<ProviderException>(() => Updates(whole))).Cause);
        Assert.Equal("You said: hello", (await Updates(stream)).ToChatResponse().Text);
    }

    [Theory]
    [InlineData(true, Causes.Connection)]
    [InlineData(false, "")]
    public async Task A_stream_that_a_gateway_closes_properly_is_whole_when_it_says_why_it_ends_or_never_did(bool saysWhy, string cause)
    {
        const string piece = """data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"},"finish_reason":null}]}""";
        HttpAnswer Pieces(string finish) => new(200, "text/event-stream", [System.Text.Encoding.UTF8.GetBytes($"{piece}\n\n{finish}data: [DONE]\n\n")]);
        await using var server = ChatServer.Start(new ServerOptions { Answer = (number, _) => Pieces(saysWhy && number == 1 ? piece.Replace("null", "\"stop\"", StringComparison.Ordinal) + "\n\n" : "") });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Resends = 0 });

        Assert.StartsWith("hi", (await Updates(endpoint)).ToChatResponse().Text, StringComparison.Ordinal);
        var error = await Record.ExceptionAsync(() => Updates(endpoint));
        Assert.Equal(cause, (error as ProviderException)?.Cause ?? "");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reply_that_is_a_refusal_is_one_and_is_asked_for_once(bool streams)
    {
        const string refusal = """{"role":"assistant","content":null,"refusal":"I cannot"}""";
        await using var server = ChatServer.Start(new ServerOptions
        {
            Answer = (_, request) => request.Stream
                ? new HttpAnswer(200, "text/event-stream", [System.Text.Encoding.UTF8.GetBytes($$"""data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{{refusal}},"finish_reason":"stop"}]}""" + "\n\ndata: [DONE]\n\n")])
                : HttpAnswer.Json(200, $$"""{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{{refusal}},"finish_reason":"stop"}]}"""),
        });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Streams = streams });

        Assert.Equal(Causes.Refused, (await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint))).Cause);
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task A_web_page_that_comes_as_a_reply_is_what_the_model_wrote()
    {
        const string page = "<!DOCTYPE html><p>hello</p>";
        await using var server = ChatServer.Start(new ServerOptions { Wit = _ => new ChatReply(page) });
        using var endpoint = Endpoint(server.Endpoint, o => o);
        using var client = endpoint.CreateClient(new RequestLog(TimeProvider.System));

        var request = new ModelRequest(client, new ChatOptions(), Attempts.Context(new TestCase("prompt", "page", [])));
        Assert.Equal(page, (await request.SendAsync([new ChatMessage(ChatRole.User, "Write a web page.")], 1, Stop)).Text);
    }

    [Fact]
    public async Task A_server_that_knows_no_pieces_is_told_of_with_the_remedy()
    {
        var whole = """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}""";
        await using var server = ChatServer.Start(new ServerOptions { Answer = (_, _) => HttpAnswer.Json(200, whole) });
        using var pieces = Endpoint(server.Endpoint, o => o with { Resends = 0 });
        using var asked = Endpoint(server.Endpoint, o => o with { Streams = false });

        var error = await Assert.ThrowsAsync<ProviderException>(() => Updates(pieces));
        Assert.Equal(Causes.GarbageReply, error.Cause);
        Assert.Contains("-NoStreaming", error.Message, StringComparison.Ordinal);
        Assert.Equal("hi", (await Updates(asked)).ToChatResponse().Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_address_with_a_version_is_spoken_to_as_Azure_is(bool streams)
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<(string Path, string Key, bool HasBearer)>();
        await using var server = ChatServer.Start(new ServerOptions { Seen = (path, headers) => seen.Enqueue((path, headers.GetValueOrDefault("api-key", ""), headers.ContainsKey("Authorization"))) });
        using var endpoint = Endpoint(new Uri(server.Endpoint, "/openai/deployments/d?api-version=2024-10-21"), o => o with { Streams = streams });

        Assert.Equal("You said: hello", (await Updates(endpoint)).ToChatResponse().Text);
        Assert.Equal([("/openai/deployments/d/chat/completions?api-version=2024-10-21", "the-secret-key", false)], seen);
    }

    [Fact]
    public async Task TLS_and_unknown_names_are_faults_of_the_connection()
    {
        await using var server = ChatServer.Start();
        foreach (var address in new[] { server.TlsEndpoint, new Uri("http://nowhere.invalid/v1") })
        {
            using var endpoint = Endpoint(address, o => o with { Resends = 0 });
            Assert.Equal(Causes.Connection, (await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint))).Cause);
        }
    }

    [Fact]
    public async Task A_handshake_that_does_not_end_is_a_fault_of_the_connection()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var endpoint = Endpoint(new Uri($"https://{silent.LocalEndpoint}/v1"), o => o with { Resends = 0, ConnectLimit = TimeSpan.FromSeconds(0.3) });

        var error = await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint));
        Assert.Equal((Causes.Connection, "No connection within 0.3 s."), (error.Cause, error.Message));
    }

    [Theory]
    [InlineData(ModelServer.Fault.Throttled)]
    [InlineData(ModelServer.Fault.ThrottledInBody)]
    [InlineData(ModelServer.Fault.ServerError)]
    [InlineData(ModelServer.Fault.Reset)]
    [InlineData(ModelServer.Fault.EmptyContent)]
    public async Task A_fault_that_passes_is_passed_over_by_sending_again(Fault fault)
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Burst(fault, first: 1, count: 2) });
        using var endpoint = Endpoint(server.Endpoint, o => o);

        Assert.Equal("You said: hello", (await Updates(endpoint)).ToChatResponse().Text);
        Assert.Equal(3, server.Requests);
    }

    [Fact]
    public async Task A_provider_that_says_at_once_that_it_was_too_slow_is_asked_again()
    {
        await using var server = ChatServer.Start(new ServerOptions { Answer = (number, _) => number == 1 ? HttpAnswer.Json(408, "{}") : null });
        using var endpoint = Endpoint(server.Endpoint, o => o);

        Assert.Equal("You said: hello", (await Updates(endpoint)).ToChatResponse().Text);
        Assert.Equal(2, server.Requests);
    }

    [Fact]
    public async Task A_busy_provider_that_names_no_time_is_not_asked_again_without_a_pause()
    {
        var arrivals = new System.Collections.Concurrent.ConcurrentQueue<long>();
        await using var server = ChatServer.Start(new ServerOptions
        {
            Served = (_, _) => arrivals.Enqueue(TimeProvider.System.GetTimestamp()),
            Answer = (_, _) => HttpAnswer.Json(503, "{}") with { Headers = [("Retry-After", "0")] },
        });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Resends = 1 });

        await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint));
        var pause = TimeProvider.System.GetElapsedTime(arrivals.First(), arrivals.Last());
        Assert.True(arrivals.Count == 2 && pause > TimeSpan.FromSeconds(0.1), $"{arrivals.Count} requests, {pause.TotalSeconds} s apart");
    }

    [Fact]
    public async Task A_date_is_read_by_the_clock_of_the_provider()
    {
        // Its clock is an hour behind ours; it wants to be left alone for two seconds.
        var now = DateTimeOffset.UtcNow.AddHours(-1);
        await using var server = ChatServer.Start(new ServerOptions
        {
            Answer = (number, _) => number > 1 ? null : HttpAnswer.Json(429, "{}") with { Headers = [("Date", $"{now:R}"), ("Retry-After", $"{now.AddSeconds(2):R}")] },
        });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Resends = 0 });

        await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint));
        Assert.InRange(endpoint.Gate.Snapshot().HeldFor.TotalSeconds, 0.1, 2.2);
    }

    [Theory]
    [InlineData(ModelServer.Fault.KeyRevoked)]
    [InlineData(ModelServer.Fault.QuotaUsedUp)]
    [InlineData(ModelServer.Fault.ContentFilter)]
    [InlineData(ModelServer.Fault.FilteredReply)]
    public async Task What_no_second_try_heals_is_sent_once(Fault fault)
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(fault) });
        using var endpoint = Endpoint(server.Endpoint, o => o);

        await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint));
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task A_revoked_key_turns_later_requests_away_without_asking_the_provider()
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(ModelServer.Fault.KeyRevoked) });
        using var endpoint = Endpoint(server.Endpoint, o => o);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(Causes.Auth, (await Assert.ThrowsAsync<ProviderException>(() => Updates(endpoint))).Cause);
        }

        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task One_who_gives_up_is_not_a_fault_of_the_provider()
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = FaultScripts.Always(ModelServer.Fault.NeverAnswer) });
        using var endpoint = Endpoint(server.Endpoint, o => o);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var waiting = Updates(endpoint, giveUp.Token);
        while (server.Faulted == 0)
        {
            await Task.Yield();
        }

        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, endpoint.Gate.Snapshot().InFlight);
    }

    [Theory]
    [InlineData(null, 2, 4, 6)]
    [InlineData(ModelServer.Fault.EmptyContent, 2, 1, 3)]
    [InlineData(ModelServer.Fault.ReasoningOnly, 2, 1, 3)]
    [InlineData(ModelServer.Fault.FilteredReply, 2, 2, 4)]
    [InlineData(ModelServer.Fault.ServerError, 0, 0, 0)]
    [InlineData(ModelServer.Fault.Throttled, 0, 0, 0)]
    [InlineData(ModelServer.Fault.NeverAnswer, double.NaN, double.NaN, 1.25)]
    [InlineData(ModelServer.Fault.EndsEarly, double.NaN, double.NaN, 4.75)]
    public async Task What_a_reply_used_is_told_and_counted_though_it_was_of_no_use(Fault? fault, double input, double output, double counted)
    {
        await using var server = ChatServer.Start(new ServerOptions { Faults = (_, _) => fault, PieceLength = 7 });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Resends = 0, RequestLimit = TimeSpan.FromSeconds(fault is ModelServer.Fault.NeverAnswer ? 1 : 30) });
        var budget = new Budget(new BatchOptions { OutputPath = "" }, new Usage(), _ => { });
        var log = new RequestLog(TimeProvider.System, new BatchCap(budget, new Pace(double.PositiveInfinity, TimeProvider.System), TimeProvider.System)) { Prices = new Prices(1e6, 1e6) };

        var error = await Record.ExceptionAsync(() => Updates(endpoint, log: log));

        Assert.Equal(fault is null, error is null);
        Assert.Equal((input, output), (log.InputTokens, log.OutputTokens));
        Assert.Equal((counted, counted), (budget.Used.Tokens, budget.Used.Cost));
    }

    [Theory]
    [InlineData("""{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}""", double.NaN, double.NaN, 5)]
    [InlineData("""{"prompt_tokens":-10,"completion_tokens":-5,"total_tokens":-15}""", double.NaN, double.NaN, 5)]
    [InlineData("""{"prompt_tokens":10}""", 10, double.NaN, 13.75)]
    [InlineData("null", double.NaN, double.NaN, 5)]
    public async Task Tokens_that_are_not_told_are_unknown_and_counted_by_the_length_of_what_was_said(string usage, double input, double output, double counted)
    {
        var reply = """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"fifteen letters"},"finish_reason":"stop"}],"usage":""";
        await using var server = ChatServer.Start(new ServerOptions { Answer = (_, _) => HttpAnswer.Json(200, reply + usage + "}") });
        using var endpoint = Endpoint(server.Endpoint, o => o with { Streams = false, Resends = 0 });
        var budget = new Budget(new BatchOptions { OutputPath = "" }, new Usage(), _ => { });
        var log = new RequestLog(TimeProvider.System, new BatchCap(budget, new Pace(double.PositiveInfinity, TimeProvider.System), TimeProvider.System));

        await Updates(endpoint, log: log);

        Assert.Equal((input, output, counted), (log.InputTokens, log.OutputTokens, budget.Used.Tokens));
    }

    private static Single Endpoint(Uri address, Func<Asked, Asked> change) => new(address, change(new Asked()));

    private static async Task<List<ChatResponseUpdate>> Updates(Single endpoint, CancellationToken? cancellation = null, RequestLog? log = null)
    {
        using var client = endpoint.CreateClient(log ?? new RequestLog(TimeProvider.System));
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "hello")], cancellationToken: cancellation ?? Stop))
        {
            updates.Add(update);
        }

        return updates;
    }

    private sealed record Asked(bool Streams = true, int Resends = 4)
    {
        public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(30);

        public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(15);
    }

    /// <summary>An endpoint with one key and one deployment.</summary>
    private sealed class Single(Uri address, Asked asked) : IDisposable
    {
        private readonly Deployment _deployment = new(
            new EndpointOptions { Address = address, Model = "m", Key = new ApiKey("the-secret-key"), Streams = asked.Streams, ConnectLimit = asked.ConnectLimit, Rates = new RateOptions { RequestsPerSecond = 100 } },
            TimeProvider.System);

        public RateGate Gate => _deployment.Gate;

        public EndpointClient CreateClient(RequestLog log) => new(new ModelEndpoint("m", [_deployment], TimeProvider.System, asked.Resends), log, asked.RequestLimit);

        public void Dispose() => _deployment.Dispose();
    }
}
