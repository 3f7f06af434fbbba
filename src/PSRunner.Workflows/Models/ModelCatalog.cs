using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Endpoints.Registry;

namespace PSRunner.Workflows.Models;

/// <summary>The embedded models and the user's endpoints, for one batch: its keys, its caps and its budget.</summary>
public sealed class ModelCatalog : IModelCatalog, ILaneSteward
{
    private readonly EmbeddedModels _embedded;
    private readonly EndpointRegistry _registry;
    private readonly Func<string, string, string> _readSecret;
    private readonly bool _isForAnotherProcess;
    private IReadOnlyDictionary<string, ResolvedEndpoint> _resolved = new Dictionary<string, ResolvedEndpoint>();
    private Func<string, AttemptContext, IChatClient> _create;

    /// <param name="embedded">The models that come with PSRunner.</param>
    /// <param name="registry">The user's endpoints.</param>
    /// <param name="readSecret">Reads a secret by name and vault; called on the thread that starts a batch.</param>
    /// <param name="isForAnotherProcess">True: another process will run the batch, so that keys of this session do not help.</param>
    public ModelCatalog(EmbeddedModels embedded, EndpointRegistry registry, Func<string, string, string> readSecret, bool isForAnotherProcess = false)
    {
        _isForAnotherProcess = isForAnotherProcess;
        _embedded = embedded;
        _registry = registry;
        _readSecret = readSecret;
        _create = embedded.Create;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => [.. _embedded.Names, .. _registry.All().Select(endpoint => endpoint.Name)];

    /// <inheritdoc/>
    public Secrets Secrets { get; } = new();

    /// <inheritdoc/>
    public void Check(IReadOnlyCollection<string> needs, BatchOptions options)
    {
        var resolved = new Dictionary<string, ResolvedEndpoint>(StringComparer.OrdinalIgnoreCase);
        foreach (var need in needs.Select(ModelNeed.Parse).Where(n => !_embedded.Names.Contains(n.Model)))
        {
            if (resolved.TryGetValue(need.Model, out var known))
            {
                resolved[need.Model] = known with { Native = known.Native || need.Native };
                continue;
            }

            var endpoint = _registry.Find(need.Model) ?? throw new TestBatchException(
                "EndpointNotFound", ErrorKind.NotFound,
                $"The tests need the endpoint '{need.Model}', which is not registered here. Add it with Register-TestEndpoint {need.Model}, and start or resume again.", need.Model);
            EndpointRules.Check(endpoint); // The file may have been edited by hand.
            if (_isForAnotherProcess && endpoint.IsSessionKey)
            {
                throw new TestBatchException(
                    "ApiKeyOfThisSession", ErrorKind.InvalidArgument,
                    $"The key of endpoint '{endpoint.Name}' was given for this session, and a detached batch runs in another process. Name a variable with Set-TestEndpoint {endpoint.Name} -ApiKeyVariable, or start without -Detached.", endpoint.Name);
            }

            if (options.MaxCost is not null && double.IsNaN(endpoint.InputPrice + endpoint.OutputPrice))
            {
                throw new TestBatchException(
                    "PriceMissing", ErrorKind.InvalidArgument,
                    $"-MaxCost needs the prices of endpoint '{endpoint.Name}': Set-TestEndpoint {endpoint.Name} -InputPrice <per million tokens> -OutputPrice <per million tokens>.", endpoint.Name);
            }

            resolved.Add(need.Model, new ResolvedEndpoint(endpoint, EndpointKeys.Read(endpoint, _readSecret), need.Native));
        }

        foreach (var key in resolved.Values.SelectMany(endpoint => endpoint.Keys))
        {
            Secrets.Add(key.Value);
        }

        _resolved = resolved;
    }

    /// <inheritdoc/>
    public ILaneSteering Begin(SteeringFacts facts)
    {
        var session = new ModelSession(facts, _resolved.Values, _embedded);
        _create = session.Create;
        return session;
    }

    /// <inheritdoc/>
    public IChatClient Create(string model, AttemptContext context) => _create(model, context);
}

/// <summary>An endpoint with its keys at hand.</summary>
internal sealed record ResolvedEndpoint(TestEndpoint Endpoint, IReadOnlyList<ApiKey> Keys, bool Native);
