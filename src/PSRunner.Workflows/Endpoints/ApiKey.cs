using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PSRunner.Workflows.Endpoints;

/// <summary>A key. Shown as stars wherever an object is written out.</summary>
internal sealed class ApiKey(string value)
{
    /// <summary>What stands where a key stood.</summary>
    public const string Stars = "***";

    /// <summary>Shorter texts are no secrets, and to replace them would spoil every other word.</summary>
    private const int ShortestSecret = 8;

    private readonly string[] _shapes = [.. new[] { value, JsonEncodedText.Encode(value).ToString(), Uri.EscapeDataString(value) }.Distinct(StringComparer.Ordinal)];

    /// <summary>For an endpoint that asks for none.</summary>
    public static ApiKey None { get; } = new("none");

    /// <summary>The key itself.</summary>
    public string Value => value;

    /// <summary>Tells keys apart without telling what they are.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))[..32];

    /// <summary>The text without the key, as it is or escaped for JSON or an address.</summary>
    public string Redact(string text)
    {
        if (value.Length < ShortestSecret)
        {
            return text;
        }

        foreach (var shape in _shapes)
        {
            text = text.Replace(shape, Stars, StringComparison.Ordinal);
        }

        return text;
    }

    /// <inheritdoc/>
    public override string ToString() => Stars;
}
