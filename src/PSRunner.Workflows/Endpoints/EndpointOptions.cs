using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>One model behind one key at one address.</summary>
internal sealed record EndpointOptions
{
    /// <summary>The base address of the API, <c>https://api.example.com/v1</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>The name that is sent as the model: the deployment's where it has one of its own.</summary>
    public required string Model { get; init; }

    /// <summary>The key; never written anywhere.</summary>
    public required string Key { get; init; }

    /// <summary>Whether replies are asked for in pieces.</summary>
    public bool Streams { get; init; } = true;

    /// <summary>How long a connection may take.</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest wait for the first byte, and between two.</summary>
    public TimeSpan PauseLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest time of one request, from its sending to the last byte. Waiting for a permit is not in it.</summary>
    public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How often a request is sent again within an attempt.</summary>
    public int Resends { get; init; } = 4;

    /// <summary>The limits of the key.</summary>
    public RateOptions Rates { get; init; } = new();
}
