namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// Speaks to an API whose address ends in <c>?api-version=…</c>: Azure's of before <c>/openai/v1</c>, and gateways made like
/// it. The version goes with every request, and the key into a header of its own.
/// </summary>
/// <remarks>https://learn.microsoft.com/azure/ai-foundry/openai/reference</remarks>
internal sealed class VersionedHandler(EndpointOptions options, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string KeyHeader = "api-key";

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = new UriBuilder(request.RequestUri!) { Query = options.Address.Query }.Uri;
        request.Headers.Authorization = null;
        request.Headers.TryAddWithoutValidation(KeyHeader, options.Key.Value);
        return base.SendAsync(request, cancellationToken);
    }
}
