using System.Management.Automation;
using System.Net;
using System.Security;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>What registering and changing an endpoint share: its properties, and the keys in one of three ways.</summary>
public abstract class EndpointChangeCommand : TestBatchCommand
{
    private protected const string ByVariable = "ApiKeyVariable";
    private protected const string BySecret = "ApiKeySecret";
    private protected const string BySession = "ApiKey";

    /// <summary>Environment variables that hold the keys.</summary>
    [Parameter(ParameterSetName = ByVariable, ValueFromPipelineByPropertyName = true, HelpMessage = "Environment variables that hold the keys: their names, not the keys.")]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? ApiKeyVariable { get; set; }

    /// <summary>Secrets of SecretManagement that hold the keys.</summary>
    [Parameter(Mandatory = true, ParameterSetName = BySecret, HelpMessage = "Secrets of SecretManagement that hold the keys: their names.")]
    [ValidateNotNullOrEmpty]
    public string[] ApiKeySecret { get; set; } = [];

    /// <summary>The vault of the secrets.</summary>
    [Parameter(ParameterSetName = BySecret, HelpMessage = "The vault of the secrets; any when not given.")]
    [ValidateNotNullOrEmpty]
    public string Vault { get; set; } = "";

    /// <summary>The keys, for this session only.</summary>
    [Parameter(Mandatory = true, ParameterSetName = BySession, HelpMessage = "The keys, for this session only: they are stored nowhere, and no other process can go on with a batch that needs them.")]
    [SecretTransformation]
    [ValidateNotNullOrEmpty]
    public SecureString[] ApiKey { get; set; } = [];

    /// <summary>The name that is sent as the model.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The name that is sent as the model; the endpoint's own when not given.")]
    [AllowEmptyString]
    public string Model { get; set; } = "";

    /// <summary>Deployments of the model.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Deployments of the model: names sent in its place, or other base addresses. Used by health and headroom.")]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? Deployment { get; set; }

    /// <summary>Requests a minute.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Requests a minute for each key and deployment; 0: what the provider allows is found out.")]
    public double RequestsPerMinute { get; set; } = double.NaN;

    /// <summary>Tokens a minute.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Tokens a minute for each key and deployment; 0: what the provider allows is found out.")]
    public double TokensPerMinute { get; set; } = double.NaN;

    /// <summary>Requests in flight.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Requests in flight for each key and deployment; 0: at most 1,000.")]
    public double MaxConcurrency { get; set; } = double.NaN;

    /// <summary>The price of a million tokens of requests.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "What a million tokens of requests cost, in your currency; 0: unknown.")]
    public double InputPrice { get; set; } = double.NaN;

    /// <summary>The price of a million tokens of replies.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "What a million tokens of replies cost, in your currency; 0: unknown.")]
    public double OutputPrice { get; set; } = double.NaN;

    /// <summary>Asks for whole replies.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Ask for whole replies instead of pieces.")]
    public SwitchParameter NoStreaming { get; set; }

    /// <summary>Writes the endpoint.</summary>
    [Parameter(HelpMessage = "Write the endpoint.")]
    public SwitchParameter PassThru { get; set; }

    /// <summary>The endpoint with what was given.</summary>
    private protected TestEndpoint Changed(TestEndpoint endpoint)
    {
        endpoint = endpoint with
        {
            Model = Model.Length > 0 ? Model : endpoint.Model,
            Deployment = Deployment ?? endpoint.Deployment,
            RequestsPerMinute = Given(nameof(RequestsPerMinute), RequestsPerMinute) ?? endpoint.RequestsPerMinute,
            TokensPerMinute = Given(nameof(TokensPerMinute), TokensPerMinute) ?? endpoint.TokensPerMinute,
            MaxConcurrency = Given(nameof(MaxConcurrency), MaxConcurrency) ?? endpoint.MaxConcurrency,
            InputPrice = Given(nameof(InputPrice), InputPrice) ?? endpoint.InputPrice,
            OutputPrice = Given(nameof(OutputPrice), OutputPrice) ?? endpoint.OutputPrice,
            NoStreaming = Given(nameof(NoStreaming), NoStreaming) ?? endpoint.NoStreaming,
        };
        return ParameterSetName switch
        {
            BySecret => endpoint with { ApiKeyVariable = [], ApiKeySecret = ApiKeySecret, Vault = Vault, IsSessionKey = false },
            BySession => endpoint with { ApiKeyVariable = [], ApiKeySecret = [], Vault = "", IsSessionKey = true },
            _ when ApiKeyVariable is { } names => endpoint with { ApiKeyVariable = names, ApiKeySecret = [], Vault = "", IsSessionKey = false },
            _ => endpoint,
        };
    }

    /// <summary>Keeps it, and says what will not work yet.</summary>
    private protected void Keep(TestEndpoint endpoint, bool replace)
    {
        Endpoints.Add(endpoint, [.. ApiKey.Select(key => new NetworkCredential("", key).Password)], replace);
        if (Endpoints.UnsetVariable(endpoint) is { } variable)
        {
            WriteWarning($"$env:{variable} is not set in this shell; the endpoint is kept, its tests will be refused until it is.");
        }

        if (ParameterSetName == BySession)
        {
            WriteWarning("The key is kept for this session only: a detached batch, or one resumed in another shell, is refused until the key is given there.");
        }

        if (PassThru)
        {
            WriteObject(Endpoints.Find(endpoint.Name));
        }
    }
}
