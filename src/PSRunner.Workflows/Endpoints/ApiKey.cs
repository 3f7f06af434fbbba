using System.Security.Cryptography;
using System.Text;
using PSRunner.Engine.Execution;

namespace PSRunner.Workflows.Endpoints;

/// <summary>A key. Shown as stars wherever an object is written out.</summary>
internal sealed class ApiKey(string value)
{
    private readonly SecretText _text = new(value);

    /// <summary>For an endpoint that asks for none.</summary>
    public static ApiKey None { get; } = new("none");

    /// <summary>The key itself.</summary>
    public string Value => value;

    /// <summary>Tells keys apart without telling what they are.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))[..32];

    /// <summary>The text without the key, in whatever shape it stands there.</summary>
    public string Redact(string text) => _text.Redact(text);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
