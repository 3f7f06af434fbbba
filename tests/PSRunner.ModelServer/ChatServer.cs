using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace PSRunner.ModelServer;

/// <summary>A model API on loopback: speaks the chat completions API of OpenAI, has a hidden capacity and misbehaves on order.</summary>
public sealed class ChatServer : IAsyncDisposable
{
    private readonly ServerOptions _options;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = new();
    private readonly ConcurrentDictionary<string, CapacityMeter> _meters = new();
    private readonly ConcurrentDictionary<string, bool> _revoked = new();
    private readonly Task _accepting;
    private long _number;
    private long _answered;
    private long _refused;
    private long _faulted;

    private ChatServer(ServerOptions options)
    {
        _options = options;
        _listener = new TcpListener(IPAddress.Loopback, options.Port);
        _listener.Start(backlog: 4096);
        var port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        Endpoint = new Uri($"http://127.0.0.1:{port}/v1");
        TlsEndpoint = new Uri($"https://127.0.0.1:{port}/v1");
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it is: the base address of the API.</summary>
    public Uri Endpoint { get; }

    /// <summary>The same place by TLS, which it does not speak: every handshake fails.</summary>
    public Uri TlsEndpoint { get; }

    /// <summary>Requests that came.</summary>
    public long Requests => Interlocked.Read(ref _number);

    /// <summary>Requests answered properly.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Requests turned away because of the capacity.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Requests that met a fault of the script.</summary>
    public long Faulted => Interlocked.Read(ref _faulted);

    /// <summary>Starts a server.</summary>
    public static ChatServer Start(ServerOptions? options = null) => new(options ?? new ServerOptions());

    /// <summary>From now on this key is invalid.</summary>
    public void Revoke(string key) => _revoked[key] = true;

    /// <summary>A revoked key is valid again.</summary>
    public void Restore(string key) => _revoked.TryRemove(key, out _);

    /// <summary>Closes all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections.Keys).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token).ConfigureAwait(false);
                socket.NoDelay = true;
                var serving = Task.Run(() => ServeAsync(socket));
                _connections[serving] = true;
                _ = serving.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The server stops.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = new FaultyConnection(socket, _options);
        try
        {
            var reader = new HttpReader(connection.Stream);
            while (await reader.ReadAsync(_stop.Token).ConfigureAwait(false) is { } message)
            {
                if (!await AnswerAsync(connection, message).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or the server stops.
        }
    }

    /// <returns>True while the connection can be used again.</returns>
    private Task<bool> AnswerAsync(FaultyConnection connection, HttpMessage message)
    {
        _options.Seen?.Invoke(message.Path, message.Headers);
        var key = message.Headers.TryGetValue("Authorization", out var bearer) ? bearer.Replace("Bearer ", "", StringComparison.Ordinal)
            : message.Headers.GetValueOrDefault("api-key", "");
        if (message.Path.EndsWith("/models", StringComparison.Ordinal))
        {
            var models = new JsonArray([.. _options.Models.Select(m => new JsonObject { ["id"] = m, ["object"] = "model" })]);
            return connection.SendAsync(HttpAnswer.Json(200, new JsonObject { ["object"] = "list", ["data"] = models }.ToJsonString()), null, _stop.Token);
        }

        return !message.Path.Split('?')[0].EndsWith("/chat/completions", StringComparison.Ordinal) || ChatRequest.Read(message.Body, key) is not { } request
            ? connection.SendAsync(ChatAnswers.Error(400, "invalid_request_error", "This is no chat completion request."), null, _stop.Token)
            : CompleteAsync(connection, request);
    }

    private async Task<bool> CompleteAsync(FaultyConnection connection, ChatRequest request)
    {
        var number = Interlocked.Increment(ref _number);
        if (_revoked.ContainsKey(request.Key) || (_options.Keys.Count > 0 && !_options.Keys.Contains(request.Key)))
        {
            _options.Served?.Invoke(request, Fault.KeyRevoked);
            return await connection.SendAsync(Refusal(Fault.KeyRevoked, default, number)!, null, _stop.Token).ConfigureAwait(false);
        }

        if (_options.Models.Count > 0 && !_options.Models.Contains(request.Model))
        {
            return await connection.SendAsync(ChatAnswers.Error(404, "model_not_found", "There is no such model."), null, _stop.Token).ConfigureAwait(false);
        }

        var meter = _meters.GetOrAdd(request.Key, _ => new CapacityMeter(_options.Capacity, _options.Time));
        if (!meter.TryEnter(request.Tokens, out var latency, out var state))
        {
            Interlocked.Increment(ref _refused);
            _options.Served?.Invoke(request, _options.Refusal);
            return await connection.SendAsync(Refusal(_options.Refusal, state, number)!, null, _stop.Token).ConfigureAwait(false);
        }

        try
        {
            var fault = _options.Faults(number, request);
            _options.Served?.Invoke(request, fault);
            Interlocked.Increment(ref fault is null ? ref _answered : ref _faulted);
            if (latency > TimeSpan.Zero)
            {
                await Task.Delay(latency, _options.Time, _stop.Token).ConfigureAwait(false);
            }

            var answer = _options.Answer?.Invoke(number, request) ?? (fault is { } f ? Refusal(f, state, number) : null)
                ?? ChatAnswers.Completion(request, ChatAnswers.Spoiled(_options.Wit(request), fault), fault, _options.PieceLength);
            return await connection.SendAsync(answer, fault, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            meter.Leave();
        }
    }

    private HttpAnswer? Refusal(Fault fault, RateState state, long number) => ChatAnswers.Refusal(fault, state, number, _options.LeastRetryAfter);
}
