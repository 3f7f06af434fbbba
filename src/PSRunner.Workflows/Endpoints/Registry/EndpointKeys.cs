using System.Collections.Concurrent;

namespace PSRunner.Workflows.Endpoints.Registry;

/// <summary>Finds the keys of endpoints: in environment variables, in vaults, or among those given for this session.</summary>
public static class EndpointKeys
{
    // One entry an endpoint that was registered with -ApiKey in this process; the registry bounds their number.
    private static readonly ConcurrentDictionary<string, ApiKey[]> Session = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Keeps keys for as long as this process lives.</summary>
    public static void Hold(string endpoint, IEnumerable<string> keys) => Session[endpoint] = [.. keys.Select(key => new ApiKey(key))];

    /// <summary>Forgets keys that were kept.</summary>
    public static void Forget(string endpoint) => Session.TryRemove(endpoint, out _);

    /// <summary>What keeps the keys of an endpoint from being had here and now; null when nothing does.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="readSecret">Reads a secret by name and vault.</param>
    public static string? Missing(TestEndpoint endpoint, Func<string, string, string> readSecret)
    {
        try
        {
            Read(endpoint, readSecret);
            return null;
        }
        catch (TestBatchException e)
        {
            return e.Message;
        }
    }

    /// <summary>The keys of an endpoint.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="readSecret">Reads a secret by name and vault; throws TestBatchException when it cannot.</param>
    /// <exception cref="TestBatchException">ApiKeyMissing: a variable is not set, or the key was given in another session.</exception>
    internal static IReadOnlyList<ApiKey> Read(TestEndpoint endpoint, Func<string, string, string> readSecret)
    {
        if (endpoint.ApiKeyVariable.Length > 0)
        {
            return [.. endpoint.ApiKeyVariable.Select(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
                ? new ApiKey(value.Trim())
                : throw Missing(endpoint, $"$env:{name} is not set: endpoint '{endpoint.Name}' has no key. Set it in this shell, or name another with Set-TestEndpoint {endpoint.Name} -ApiKeyVariable."))];
        }

        if (endpoint.ApiKeySecret.Length > 0)
        {
            return [.. endpoint.ApiKeySecret.Select(name => new ApiKey(readSecret(name, endpoint.Vault)))];
        }

        return !endpoint.IsSessionKey ? [ApiKey.None]
            : Session.TryGetValue(endpoint.Name, out var held) ? held
            : throw Missing(endpoint, $"The key of endpoint '{endpoint.Name}' was given for one session and is stored nowhere. Give it again with Set-TestEndpoint {endpoint.Name} -ApiKey, or name a variable with -ApiKeyVariable.");
    }

    private static TestBatchException Missing(TestEndpoint endpoint, string message) =>
        new("ApiKeyMissing", ErrorKind.NotFound, message, endpoint.Name);
}
