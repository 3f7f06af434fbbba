using PSRunner.Workflows.Endpoints.Rates;
using PSRunner.Workflows.Endpoints.Registry;

namespace PSRunner.Workflows.Endpoints;

/// <summary>The deployments in use in this process: what two batches ask for alike is one, with one gate and one breaker.</summary>
internal sealed class DeploymentHub(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<EndpointId, (Deployment Deployment, int Users)> _used = [];

    /// <summary>The hub of this process.</summary>
    public static DeploymentHub Shared { get; } = new(TimeProvider.System);

    /// <summary>Opens an endpoint with all its keys and deployments.</summary>
    /// <param name="endpoint">What was registered.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="isFixed">True: only the rates that the user set hold.</param>
    /// <param name="guess">Requests per second to begin with, where the endpoint has no rate of its own; null: a careful one.</param>
    public OpenEndpoint Open(TestEndpoint endpoint, IReadOnlyList<ApiKey> keys, bool isFixed = false, double? guess = null)
    {
        lock (_lock)
        {
            var deployments = new List<Deployment>();
            foreach (var options in OptionsOf(endpoint, keys, isFixed, guess))
            {
                var id = IdOf(options);
                var (deployment, users) = _used.GetValueOrDefault(id);
                deployment ??= new Deployment(options, time, BookOf(options));
                _used[id] = (deployment, users + 1);
                deployments.Add(deployment);
            }

            return new OpenEndpoint(new ModelEndpoint(endpoint.Name, deployments, time), () => Close(deployments));
        }
    }

    /// <summary>
    /// One for a key and model, whatever else differs: batches with and without -FixedRate share what the user set. Where no
    /// rate was set there is nothing to share.
    /// </summary>
    private LeaseBook? BookOf(EndpointOptions options) =>
        options.Rates is { RequestsPerSecond: null, TokensPerSecond: null } ? null
        : _used.Values.Select(used => used.Deployment).FirstOrDefault(d => d.Book is not null
            && d.Options.Address == options.Address && d.Options.Model == options.Model && d.Options.Key.Hash == options.Key.Hash)?.Book
            ?? new LeaseBook(LeaseFile.Of(options, time), time);

    private void Close(List<Deployment> deployments)
    {
        lock (_lock)
        {
            foreach (var deployment in deployments)
            {
                var id = IdOf(deployment.Options);
                var users = _used[id].Users - 1;
                if (users == 0)
                {
                    _used.Remove(id);
                    deployment.Dispose();
                }
                else
                {
                    _used[id] = (deployment, users);
                }
            }
        }
    }

    private static IEnumerable<EndpointOptions> OptionsOf(TestEndpoint endpoint, IReadOnlyList<ApiKey> keys, bool isFixed, double? guess)
    {
        string[] deployments = endpoint.Deployment.Length > 0 ? endpoint.Deployment : [endpoint.Model];
        for (var k = 0; k < keys.Count; k++)
        {
            var key = endpoint.ApiKeyVariable.Length > k ? "$env:" + endpoint.ApiKeyVariable[k] : endpoint.ApiKeySecret.Length > k ? "secret " + endpoint.ApiKeySecret[k] : $"key {k + 1}";
            foreach (var deployment in deployments)
            {
                var isAddress = EndpointRules.IsAddress(deployment);
                yield return new EndpointOptions
                {
                    Address = new Uri(isAddress ? deployment : endpoint.Uri),
                    Model = isAddress ? endpoint.Model : deployment,
                    Key = keys[k],
                    Label = string.Join(", ", ((string[])[deployments.Length > 1 ? deployment : "", keys.Count > 1 ? key : ""]).Where(part => part.Length > 0)),
                    Streams = !endpoint.NoStreaming,
                    Rates = new RateOptions
                    {
                        IsFixed = isFixed,
                        Cubic = guess is { } rate ? new CubicRateOptions { Initial = rate } : new CubicRateOptions(),
                        RequestsPerSecond = double.IsNaN(endpoint.RequestsPerMinute) ? null : endpoint.RequestsPerMinute / 60,
                        TokensPerSecond = double.IsNaN(endpoint.TokensPerMinute) ? null : endpoint.TokensPerMinute / 60,
                        MaxInFlight = double.IsNaN(endpoint.MaxConcurrency) ? RateOptions.DefaultMaxInFlight : Math.Max(1, (int)Math.Min(endpoint.MaxConcurrency, int.MaxValue)),
                    },
                };
            }
        }
    }

    private static EndpointId IdOf(EndpointOptions options) => 
        new(options.Address, options.Model, options.Key.Hash, options.Streams, options.Rates with { Cubic = new CubicRateOptions() });

    private sealed record EndpointId(Uri Address, string Model, string KeyHash, bool Streams, RateOptions Rates);
}

/// <summary>An endpoint in use; disposed of by who opened it.</summary>
internal sealed class OpenEndpoint(ModelEndpoint endpoint, Action close) : IDisposable
{
    private Action? _close = close;

    /// <summary>The endpoint.</summary>
    public ModelEndpoint Endpoint => endpoint;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _close, null)?.Invoke();
}
