using System.Management.Automation;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Endpoints.Registry;
using PSRunner.Workflows.Models;

namespace PSRunner.Hosting;

/// <summary>The user's endpoints and the embedded models, in types that scripts may see (see <see cref="Batches"/>).</summary>
internal static class Endpoints
{
    /// <summary>The endpoints that the user registered.</summary>
    public static IReadOnlyList<TestEndpoint> Registered() => new EndpointRegistry().All();

    /// <summary>The embedded models, shown as endpoints.</summary>
    public static IEnumerable<TestEndpoint> Embedded() =>
        EmbeddedModels.FromEnvironment().Names.Select(name => new TestEndpoint { Name = name, Model = name });

    /// <summary>An endpoint by name; null when there is none.</summary>
    public static TestEndpoint? Find(string name) => new EndpointRegistry().Find(name);

    /// <summary>Keeps an endpoint, and the keys given for this session, if any.</summary>
    public static void Add(TestEndpoint endpoint, IReadOnlyList<string> sessionKeys, bool replace)
    {
        new EndpointRegistry().Add(endpoint, replace);
        if (sessionKeys.Count > 0)
        {
            EndpointKeys.Hold(endpoint.Name, sessionKeys);
        }
        else if (!endpoint.IsSessionKey)
        {
            EndpointKeys.Forget(endpoint.Name);
        }
    }

    /// <summary>Removes an endpoint.</summary>
    public static void Remove(string name)
    {
        new EndpointRegistry().Remove(name);
        EndpointKeys.Forget(name);
    }

    /// <summary>The first variable among those of the keys that is not set here; null when all are.</summary>
    public static string? UnsetVariable(TestEndpoint endpoint) =>
        endpoint.ApiKeyVariable.FirstOrDefault(name => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));

    /// <summary>Asks an endpoint whether it can be used.</summary>
    public static TestEndpointCheck Check(TestEndpoint endpoint, CancellationToken cancellation) =>
        EndpointCheck.RunAsync(endpoint, ReadSecret, cancellation).GetAwaiter().GetResult();

    /// <summary>Reads a secret with SecretManagement, within the pipeline of the thread's runspace.</summary>
    public static string ReadSecret(string name, string vault)
    {
        const string script = """
            param($name, $vault)
            $where = @{}
            if ($vault) { $where.Vault = $vault }
            Get-Secret -Name $name -AsPlainText -ErrorAction Stop @where
            """;
        try
        {
            using var nested = PowerShell.Create(RunspaceMode.CurrentRunspace);
            return nested.AddScript(script).AddArgument(name).AddArgument(vault).Invoke().Select(o => o?.BaseObject).OfType<string>().FirstOrDefault(text => text.Length > 0) ?? throw new InvalidOperationException("it is empty or no text");
        }
        catch (Exception e) when (e is RuntimeException or InvalidOperationException)
        {
            var why = e is CommandNotFoundException or RuntimeException { ErrorRecord.CategoryInfo.Reason: nameof(CommandNotFoundException) }
                ? "Get-Secret is not there. Install Microsoft.PowerShell.SecretManagement and a vault, or name a variable with -ApiKeyVariable."
                : e.Message;
            throw new TestBatchException("SecretNotRead", ErrorKind.NotFound, $"Secret '{name}' cannot be read: {why}", name, e);
        }
    }
}
