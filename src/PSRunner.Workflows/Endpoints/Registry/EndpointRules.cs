using System.Globalization;
using System.Text.RegularExpressions;
using PSRunner.Workflows.Models;

namespace PSRunner.Workflows.Endpoints.Registry;

/// <summary>What an endpoint must be like to be kept. No message repeats what may be a key.</summary>
internal static partial class EndpointRules
{
    private const int LongestName = 80;

    /// <summary>Throws what is wrong with an endpoint.</summary>
    /// <exception cref="TestBatchException">EndpointNameInvalid, EndpointUriInvalid, ApiKeyTyped, ApiKeyVariableInvalid, OutOfRange.</exception>
    public static void Check(TestEndpoint endpoint)
    {
        if (endpoint.Name.Length is 0 or > LongestName || !NameShape().IsMatch(endpoint.Name))
        {
            throw Invalid("EndpointNameInvalid", $"'{endpoint.Name}' cannot be the name of an endpoint: 1 to {LongestName} characters, none of * ? [ ] \" ' < > | , or a space.", endpoint.Name);
        }

        if (ModelProfiles.All.Any(p => p.Name.Equals(endpoint.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw Invalid("EndpointNameInvalid", $"'{endpoint.Name}' is the name of an embedded model. Give the endpoint another name.", endpoint.Name);
        }

        CheckAddress(endpoint.Uri, "-Uri");
        foreach (var address in endpoint.Deployment.Where(IsAddress))
        {
            CheckAddress(address, "-Deployment");
        }

        foreach (var name in endpoint.ApiKeyVariable.Concat(endpoint.ApiKeySecret))
        {
            CheckIsNoKey(name);
        }

        if (endpoint.ApiKeyVariable.Any(name => !VariableShape().IsMatch(name)))
        {
            throw Invalid("ApiKeyVariableInvalid", "-ApiKeyVariable takes the name of an environment variable (letters, digits, _), such as OPENAI_API_KEY. It does not take the key itself.", null);
        }

        CheckNumber("RequestsPerMinute", endpoint.RequestsPerMinute);
        CheckNumber("TokensPerMinute", endpoint.TokensPerMinute);
        CheckNumber("MaxConcurrency", endpoint.MaxConcurrency);
        CheckNumber("InputPrice", endpoint.InputPrice);
        CheckNumber("OutputPrice", endpoint.OutputPrice);
    }

    /// <summary>The endpoint with NaN where a number is 0 or was left out (an empty cell of a CSV), and no list missing.</summary>
    public static TestEndpoint Normal(TestEndpoint endpoint) => endpoint with
    {
        Model = string.IsNullOrEmpty(endpoint.Model) ? endpoint.Name : endpoint.Model,
        Deployment = endpoint.Deployment ?? [],
        ApiKeyVariable = endpoint.ApiKeyVariable ?? [],
        ApiKeySecret = endpoint.ApiKeySecret ?? [],
        Vault = endpoint.Vault ?? "",
        RequestsPerMinute = OrNaN(endpoint.RequestsPerMinute),
        TokensPerMinute = OrNaN(endpoint.TokensPerMinute),
        MaxConcurrency = OrNaN(endpoint.MaxConcurrency),
        InputPrice = OrNaN(endpoint.InputPrice),
        OutputPrice = OrNaN(endpoint.OutputPrice),
    };

    /// <summary>Whether a deployment is an address instead of a name.</summary>
    public static bool IsAddress(string deployment) => deployment.Contains("://", StringComparison.Ordinal);

    private static double OrNaN(double value) => value == 0 ? double.NaN : value;

    private static void CheckAddress(string text, string parameter)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || !VersionShape().IsMatch(uri.Query) || uri.Fragment.Length > 0
            || uri.AbsolutePath.TrimEnd('/').EndsWith("/chat/completions", StringComparison.OrdinalIgnoreCase))
        {
            throw Invalid("EndpointUriInvalid", $"{parameter} takes the base address of a chat API, without /chat/completions, user, password or query, such as https://api.openai.com/v1 or http://localhost:11434/v1. Azure's is https://<resource>.openai.azure.com/openai/v1, or .../openai/deployments/<deployment>?api-version=<version>.", null);
        }
    }

    // A key that is typed where its name belongs would stand in a file and in messages.
    private static void CheckIsNoKey(string name)
    {
        if (name.Length > 100 || KeyShape().IsMatch(name) || (RandomShape().IsMatch(name) && name.Count(char.IsAsciiDigit) >= 3))
        {
            throw Invalid("ApiKeyTyped", "That looks like a key, and a key is not taken as plain text. Name the environment variable that holds it with -ApiKeyVariable, or give a SecureString with -ApiKey (Read-Host -AsSecureString; Get-Secret).", null);
        }
    }

    private static void CheckNumber(string parameter, double value)
    {
        if (!double.IsNaN(value) && value is not (> 0 and < 1e12))
        {
            throw Invalid("OutOfRange", string.Create(CultureInfo.InvariantCulture, $"-{parameter} is {value}; it takes a number over 0, or 0 for none."), value);
        }
    }

    private static TestBatchException Invalid(string errorId, string message, object? target) => new(errorId, ErrorKind.InvalidArgument, message, target);

    [GeneratedRegex("""^[^*?\[\]"'<>|,\s\p{C}]+$""")]
    private static partial Regex NameShape();

    [GeneratedRegex(@"^(\?api-version=[A-Za-z0-9.-]{1,40})?$", RegexOptions.CultureInvariant)]
    private static partial Regex VersionShape();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex VariableShape();

    // Nobody names a variable like this; keys without a prefix are: 32 hexadecimal digits, or 84 letters and digits.
    [GeneratedRegex("^(?=.*[a-z])[A-Za-z0-9]{24,}$", RegexOptions.CultureInvariant)]
    private static partial Regex RandomShape();

    [GeneratedRegex("^(sk-|sk_|gsk_|hf_|xai-|AIza|ghp_|Bearer )", RegexOptions.CultureInvariant)]
    private static partial Regex KeyShape();
}
