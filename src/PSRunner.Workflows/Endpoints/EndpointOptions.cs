using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>One model behind one key at one address. Equal options are one deployment, whoever asks for it.</summary>
internal sealed record EndpointOptions
{
    /// <summary>The base address of the API, <c>https://api.example.com/v1</c>; a query is the version that <see cref="VersionedHandler"/> sends.</summary>
    public required Uri Address { get; init; }

    /// <summary>The name that is sent as the model: the deployment's where it has one of its own.</summary>
    public required string Model { get; init; }

    /// <summary>The key.</summary>
    public required ApiKey Key { get; init; }

    /// <summary>Where it stands among the keys and deployments of its endpoint, for messages.</summary>
    public string Label { get; init; } = "";

    /// <summary>Whether replies are asked for in pieces.</summary>
    public bool Streams { get; init; } = true;

    /// <summary>How long a connection may take.</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest wait for the first byte, and between two, of a reply in pieces; longer where a request may take long.</summary>
    public TimeSpan PauseLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long nothing is sent to a deployment that keeps failing.</summary>
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The limits of the key.</summary>
    public RateOptions Rates { get; init; } = new();
}
