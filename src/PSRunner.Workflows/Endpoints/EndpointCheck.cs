using PSRunner.Workflows.Endpoints.Registry;

namespace PSRunner.Workflows.Endpoints;

/// <summary>The canary by hand: what it would find before a batch.</summary>
public static class EndpointCheck
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(60);

    /// <summary>Looks at an endpoint: its keys, one request to each key and deployment, one round trip with a tool.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="readSecret">Reads a secret by name and vault.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static async Task<TestEndpointCheck> RunAsync(TestEndpoint endpoint, Func<string, string, string> readSecret, CancellationToken cancellation)
    {
        IReadOnlyList<ApiKey> keys;
        var check = "registration";
        try
        {
            EndpointRules.Check(endpoint); // The file may have been edited by hand.
            check = "key";
            keys = EndpointKeys.Read(endpoint, readSecret);
        }
        catch (TestBatchException e)
        {
            return new TestEndpointCheck { Name = endpoint.Name, Healthy = false, Check = check, Message = e.Message };
        }

        using var open = DeploymentHub.Shared.Open(endpoint, keys);
        var finding = await Canary.LookAsync(open.Endpoint, native: false, new RequestLog(TimeProvider.System), RequestLimit, TimeProvider.System, cancellation).ConfigureAwait(false);
        return new TestEndpointCheck
        {
            Name = endpoint.Name,
            Healthy = finding.IsHealthy,
            Check = finding.Check,
            Message = finding.Cause.Length == 0 ? finding.Message : $"{finding.Cause}: {finding.Message}",
        };
    }
}
