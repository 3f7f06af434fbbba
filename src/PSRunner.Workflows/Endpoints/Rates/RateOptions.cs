namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>What a user allows for one key. What a provider allows is learned.</summary>
internal sealed record RateOptions
{
    /// <summary>Requests per second; null: only what the provider allows.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Tokens per second; null: only what the provider allows.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>The most requests in flight when nobody says; each takes a file descriptor and memory.</summary>
    public const int DefaultMaxInFlight = 1000;

    /// <summary>The most requests in flight.</summary>
    public int MaxInFlight { get; init; } = DefaultMaxInFlight;

    /// <summary>True: the rates above are all there is; the provider's waiting times are still kept.</summary>
    public bool IsFixed { get; init; }

    /// <summary>The most requests that may wait for a permit.</summary>
    public int MaxQueued { get; init; } = 10_000;

    /// <summary>Decides the jitter of waiting times.</summary>
    public string Seed { get; init; } = "";

    /// <summary>The constants of the controller.</summary>
    public CubicRateOptions Cubic { get; init; } = new();

    /// <summary>Throws when a number makes no sense.</summary>
    public void Validate()
    {
        if (RequestsPerSecond is { } requests)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(requests, nameof(RequestsPerSecond));
        }

        if (TokensPerSecond is { } tokens)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens, nameof(TokensPerSecond));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInFlight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueued, 1);
    }
}
