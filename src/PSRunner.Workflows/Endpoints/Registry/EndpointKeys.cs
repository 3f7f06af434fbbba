using System.Collections.Concurrent;

namespace PSRunner.Workflows.Endpoints.Registry;

/// <summary>Finds the keys of endpoints: in environment variables, in vaults, or among those given for this session.</summary>
public static class EndpointKeys
{
    // One entry an endpoint that was registered with -ApiKey in this process; the registry bounds their number.
    private static readonly ConcurrentDictionary<string, string[]> Session = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Keeps keys for as long as this process lives.</summary>
    public static void Hold(string endpoint, IEnumerable<string> keys) => Session[endpoint] = [.. keys];

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
    /// <exception cref="TestBatchException">
    /// ApiKeyMissing: a variable is not set, or the key was given in another session. ApiKeyInvalid: it cannot be sent.
    /// </exception>
    internal static IReadOnlyList<ApiKey> Read(TestEndpoint endpoint, Func<string, string, string> readSecret)
    {
        if (endpoint.ApiKeyVariable.Length > 0)
        {
            return [.. endpoint.ApiKeyVariable.Select(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
                ? Usable(endpoint, value, $"The key in $env:{name}")
                : throw Missing(endpoint, $"$env:{name} is not set: endpoint '{endpoint.Name}' has no key. Set it in this shell, or name another with Set-TestEndpoint {endpoint.Name} -ApiKeyVariable."))];
        }

        if (endpoint.ApiKeySecret.Length > 0)
        {
            return [.. endpoint.ApiKeySecret.Select(name => Usable(endpoint, readSecret(name, endpoint.Vault), $"The secret '{name}'"))];
        }

        return !endpoint.IsSessionKey ? [ApiKey.None]
            : Session.TryGetValue(endpoint.Name, out var held) ? [.. held.Select(key => Usable(endpoint, key, "The key of this session"))]
            : throw Missing(endpoint, $"The key of endpoint '{endpoint.Name}' was given for one session and is stored nowhere. Give it again with Set-TestEndpoint {endpoint.Name} -ApiKey, or name a variable with -ApiKeyVariable.");
    }

    // A key goes into a header of a request. Line ends around it are what a file or a here-string left there.
    private static ApiKey Usable(TestEndpoint endpoint, string text, string where) =>
        text.Trim() is { Length: > 0 } key && key.All(c => c is > ' ' and <= '~') ? new ApiKey(key)
        : throw new TestBatchException(
            "ApiKeyInvalid", ErrorKind.InvalidData,
            $"{where} is no key for endpoint '{endpoint.Name}': it is empty, or holds spaces, line ends or letters that are not ASCII. It is not shown here; look whether all of it was copied, and nothing else.", endpoint.Name);

    private static TestBatchException Missing(TestEndpoint endpoint, string message) =>
        new("ApiKeyMissing", ErrorKind.NotFound, message, endpoint.Name);
}
