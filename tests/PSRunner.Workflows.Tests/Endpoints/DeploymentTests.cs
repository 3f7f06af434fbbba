using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using PSRunner.ModelServer;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>
/// Several keys and deployments behind one name: used by health and headroom, left alone while they are bad, back when they
/// recover. Real sockets; the clock of the client moves only when the test moves it.
/// </summary>
public sealed class DeploymentTests : IAsyncDisposable
{
    private static readonly TimeSpan BreakDuration = new EndpointOptions { Address = new Uri("http://x"), Model = "", Key = ApiKey.None }.BreakDuration;

    private readonly FakeTimeProvider _clock = new();
    private readonly ConcurrentDictionary<string, Fault> _bad = new();
    private readonly ConcurrentQueue<string> _served = new();
    private readonly List<Deployment> _deployments = [];
    private readonly ChatServer _server;

    public DeploymentTests() => _server = ChatServer.Start(new ServerOptions
    {
        Faults = (_, request) => _bad.TryGetValue(request.Model, out var fault) ? fault : null,
        Served = (request, _) => _served.Enqueue(request.Model + request.Key),
        LeastRetryAfter = TimeSpan.FromSeconds(20),
    });

    public async ValueTask DisposeAsync()
    {
        _deployments.ForEach(d => d.Dispose());
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_deployment_that_keeps_failing_is_left_alone_probed_and_used_again_when_it_recovers()
    {
        var endpoint = Endpoint(["a", "b"]);
        _bad["a"] = Fault.ServerError;

        await SendAsync(endpoint, 60);
        Assert.Equal((10, 60), (Served("a"), Served("b")));

        // One probe when its time is over, and no more while it fails.
        for (var probe = 0; probe < 3; probe++)
        {
            _clock.Advance(BreakDuration);
            await SendAsync(endpoint, 20);
            Assert.Equal((1, 20), (Served("a"), Served("b")));
        }

        _bad.Clear();
        await SendAsync(endpoint, 20);
        Assert.Equal((0, 20), (Served("a"), Served("b")));
        _clock.Advance(BreakDuration);
        await SendAsync(endpoint, 40);
        Assert.Equal((20, 20), (Served("a"), Served("b")));
    }

    [Fact]
    public async Task While_one_probe_is_under_way_nothing_else_goes_to_a_broken_deployment()
    {
        var endpoint = Endpoint(["a"], resends: 0);
        _bad["a"] = Fault.ServerError;
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(Causes.ServerError, (await FailAsync(endpoint)).Cause);
        }

        Served("a");
        var held = await FailAsync(endpoint);
        Assert.Equal((Causes.ServerError, 0), (held.Cause, Served("a")));
        Assert.Matches("^HTTP 50.: .*held back[.]$", held.Message);
        Assert.InRange(held.RetryAfter!.Value, TimeSpan.FromSeconds(1), BreakDuration);

        _bad["a"] = Fault.NeverAnswer;
        _clock.Advance(BreakDuration);
        var probe = FailAsync(endpoint);
        while (_served.IsEmpty)
        {
            await Task.Yield();
        }

        for (var i = 0; i < 5; i++)
        {
            await FailAsync(endpoint);
        }

        Assert.Equal(1, Served("a"));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Causes.NoReply, (await probe).Cause);
        _bad.Clear();
        _clock.Advance(BreakDuration);
        await SendAsync(endpoint, 5);
    }

    /// <summary>Seconds: what a request may take, how long it is waited for a first byte.</summary>
    [Theory]
    [InlineData(true, 600, 300)]
    [InlineData(true, 100, 60)]
    [InlineData(false, 600, 600)]
    public async Task A_request_that_may_take_long_may_begin_to_be_answered_late(bool inPieces, double limit, double pause)
    {
        var endpoint = Endpoint(["a"], resends: 0);
        _bad["a"] = Fault.NeverAnswer;
        using var client = new EndpointClient(endpoint, new RequestLog(_clock), TimeSpan.FromSeconds(limit));
        ChatMessage[] messages = [new(ChatRole.User, "hello")];
        var reply = Task.Run(() => inPieces ? client.GetStreamingResponseAsync(messages).ToChatResponseAsync() : client.GetResponseAsync(messages), TestContext.Current.CancellationToken);
        while (_served.IsEmpty)
        {
            await Task.Yield();
        }

        _clock.Advance(TimeSpan.FromSeconds(pause));
        var error = await Assert.ThrowsAsync<ProviderException>(() => reply.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Equal(Causes.NoReply, error.Cause);
        Assert.EndsWith($"within {pause} s.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Fault.Reset, Causes.Connection)]
    [InlineData(Fault.ServerError, Causes.ServerError)]
    public async Task What_is_held_back_has_the_cause_of_what_failed(Fault fault, string cause)
    {
        var endpoint = Endpoint(["a"], resends: 0);
        _bad["a"] = fault;
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(cause, (await FailAsync(endpoint)).Cause);
        }

        Assert.Equal(10, Served("a"));
    }

    [Fact]
    public async Task A_key_that_is_turned_away_is_left_for_the_others_and_tried_again_after_five_minutes()
    {
        var endpoint = Endpoint(["a"], keys: ["-one", "-two"]);
        _server.Revoke("-one");

        await SendAsync(endpoint, 20);
        Assert.Equal((1, 20), (Served("a-one"), Served("a-two")));
        _clock.Advance(TimeSpan.FromMinutes(5));
        await SendAsync(endpoint, 20);
        Assert.Equal((1, 20), (Served("a-one"), Served("a-two")));

        _server.Restore("-one");
        _clock.Advance(TimeSpan.FromMinutes(5));
        await SendAsync(endpoint, 20);
        Assert.Equal((10, 10), (Served("a-one"), Served("a-two")));
    }

    [Fact]
    public async Task A_key_that_is_throttled_rests_while_another_has_headroom()
    {
        var endpoint = Endpoint(["a", "b"]);
        _bad["a"] = Fault.Throttled;
        await SendAsync(endpoint, 20);
        Assert.Equal((1, 20), (Served("a"), Served("b")));

        _bad.Clear();
        _clock.Advance(TimeSpan.FromSeconds(19));
        await SendAsync(endpoint, 10);
        Assert.Equal((0, 10), (Served("a"), Served("b")));
        _clock.Advance(TimeSpan.FromSeconds(4));
        await SendAsync(endpoint, 20);
        Assert.Equal((10, 10), (Served("a"), Served("b")));
    }

    [Fact]
    public async Task When_all_are_turned_away_the_request_says_why_at_once()
    {
        var endpoint = Endpoint(["a"], keys: ["-one", "-two"]);
        _server.Revoke("-one");
        _server.Revoke("-two");

        Assert.Equal(Causes.Auth, (await FailAsync(endpoint)).Cause);
        Assert.Equal(Causes.Auth, (await FailAsync(endpoint)).Cause);
        Assert.Equal((1, 1), (Served("a-one"), Served("a-two")));
    }

    private ModelEndpoint Endpoint(string[] models, string[]? keys = null, int resends = 4)
    {
        foreach (var (model, key) in models.SelectMany(m => (keys ?? [""]).Select(k => (m, k))))
        {
            _deployments.Add(new Deployment(
                new EndpointOptions
                {
                    Address = _server.Endpoint,
                    Model = model,
                    Key = new ApiKey(key.Length > 0 ? key : "no-key"),
                    Rates = new RateOptions { IsFixed = true },
                },
                _clock));
        }

        return new ModelEndpoint("m", _deployments, _clock, resends);
    }

    /// <summary>How many requests a deployment got since the last question to any.</summary>
    private int Served(string name)
    {
        var mine = _served.Count(n => n == name || n == name + "no-key");
        var rest = _served.Where(n => n != name && n != name + "no-key").ToList();
        _served.Clear();
        rest.ForEach(_served.Enqueue);
        return mine;
    }

    private async Task SendAsync(ModelEndpoint endpoint, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal("You said: hello", await AskAsync(endpoint));
        }
    }

    private Task<ProviderException> FailAsync(ModelEndpoint endpoint) => Assert.ThrowsAsync<ProviderException>(() => AskAsync(endpoint));

    private async Task<string> AskAsync(ModelEndpoint endpoint)
    {
        using var client = new EndpointClient(endpoint, new RequestLog(_clock), TimeSpan.FromSeconds(30));
        var reply = client.GetResponseAsync([new ChatMessage(ChatRole.User, "hello")], cancellationToken: TestContext.Current.CancellationToken);
        return (await reply.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Text;
    }
}
