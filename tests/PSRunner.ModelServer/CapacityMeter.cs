namespace PSRunner.ModelServer;

/// <summary>Counts what one key uses of its capacity.</summary>
internal sealed class CapacityMeter(Capacity capacity, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _origin = time.GetTimestamp();
    private double _requests = double.MaxValue;
    private double _tokens = double.MaxValue;
    private double _at;
    private int _inFlight;

    /// <summary>Takes a request in.</summary>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="latency">How long it will take.</param>
    /// <param name="state">What the headers of the answer say.</param>
    public bool TryEnter(int tokens, out TimeSpan latency, out RateState state)
    {
        lock (_lock)
        {
            var now = time.GetElapsedTime(_origin).TotalSeconds;
            _requests = Filled(_requests, capacity.RequestsPerMinute, now - _at, 1);
            _tokens = Filled(_tokens, capacity.TokensPerMinute, now - _at, tokens);
            _at = now;
            latency = capacity.Latency * (1 + (capacity.LatencyGrowth * _inFlight));
            var enters = _requests >= 1 && _tokens >= tokens && _inFlight < (capacity.Concurrency ?? int.MaxValue);
            if (enters)
            {
                _requests--;
                _tokens -= tokens;
                _inFlight++;
            }

            state = new RateState(
                capacity.RequestsPerMinute is { } rpm ? Math.Max(0, Math.Floor(_requests)) : null,
                Seconds(1 - _requests, capacity.RequestsPerMinute),
                capacity.TokensPerMinute is not null ? Math.Max(0, Math.Floor(_tokens)) : null,
                Seconds(tokens - _tokens, capacity.TokensPerMinute));
            return enters;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            _inFlight--;
        }
    }

    /// <summary>A single request may need more than the burst: it then takes all of it.</summary>
    private double Filled(double level, double? perMinute, double seconds, double need) =>
        perMinute is { } rate ? Math.Min(Math.Max(need, rate / 60 * capacity.BurstSeconds), level + (rate / 60 * seconds)) : double.MaxValue;

    private static double Seconds(double missing, double? perMinute) => perMinute is { } rate ? Math.Max(0, missing / rate * 60) : 0;
}

/// <summary>What is left of a key's limits and when enough is there for one more request.</summary>
internal readonly record struct RateState(double? Requests, double RequestsIn, double? Tokens, double TokensIn)
{
    public double RetryAfter => Math.Max(RequestsIn, TokensIn);
}
