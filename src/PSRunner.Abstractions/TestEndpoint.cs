using System.Text.Json.Serialization;

namespace PSRunner;

/// <summary>A model API as it was registered: where it is, what it is asked for, where its keys are found. Never a key.</summary>
public sealed record TestEndpoint
{
    /// <summary>The name that tests use; unique for the user.</summary>
    public required string Name { get; init; }

    /// <summary>The base address of its API, <c>https://api.example.com/v1</c>, with <c>?api-version=…</c> where it needs one; empty for an embedded model.</summary>
    public string Uri { get; init; } = "";

    /// <summary>The name that is sent as the model.</summary>
    public string Model { get; init; } = "";

    /// <summary>Names sent in place of the model, or base addresses in place of the endpoint's: each is a deployment of the same model.</summary>
    public string[] Deployment { get; init; } = [];

    /// <summary>Environment variables that hold the keys.</summary>
    public string[] ApiKeyVariable { get; init; } = [];

    /// <summary>Secrets of SecretManagement that hold the keys.</summary>
    public string[] ApiKeySecret { get; init; } = [];

    /// <summary>The vault of the secrets; empty: any.</summary>
    public string Vault { get; init; } = "";

    /// <summary>True when the keys were given for one session and stand nowhere.</summary>
    public bool IsSessionKey { get; init; }

    /// <summary>Requests a minute for each key and deployment; NaN: what the provider allows.</summary>
    public double RequestsPerMinute { get; init; } = double.NaN;

    /// <summary>Tokens a minute for each key and deployment; NaN: what the provider allows.</summary>
    public double TokensPerMinute { get; init; } = double.NaN;

    /// <summary>Requests in flight for each key and deployment; NaN: 1,000.</summary>
    public double MaxConcurrency { get; init; } = double.NaN;

    /// <summary>What a million tokens of a request cost; NaN: unknown.</summary>
    public double InputPrice { get; init; } = double.NaN;

    /// <summary>What a million tokens of a reply cost; NaN: unknown.</summary>
    public double OutputPrice { get; init; } = double.NaN;

    /// <summary>True when replies are asked for whole instead of in pieces.</summary>
    public bool NoStreaming { get; init; }

    /// <summary>Where the keys are found, in words.</summary>
    [JsonIgnore]
    public string Key =>
        ApiKeyVariable.Length > 0 ? string.Join(", ", ApiKeyVariable.Select(name => "$env:" + name))
        : ApiKeySecret.Length > 0 ? "secret " + string.Join(", ", ApiKeySecret)
        : IsSessionKey ? "session" : "none";

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What a check of an endpoint found.</summary>
public sealed record TestEndpointCheck
{
    /// <summary>The endpoint's name.</summary>
    public required string Name { get; init; }

    /// <summary>True when every key and deployment answered as it should.</summary>
    public required bool Healthy { get; init; }

    /// <summary>What was looked at last: <c>key</c>, <c>request</c> or <c>round trip</c>.</summary>
    public required string Check { get; init; }

    /// <summary>What was found, in words.</summary>
    public required string Message { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Message}";
}
