using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PSRunner.Engine.Execution;

/// <summary>
/// A value that must not be seen, and the shapes it takes in what others write: as it is, escaped for JSON, for an address or
/// for HTML, and in base64 wherever it begins. Shown as stars wherever an object is written out.
/// </summary>
internal sealed partial class SecretText
{
    /// <summary>What stands where a secret stood.</summary>
    public const string Stars = "***";

    /// <summary>Shorter texts are no secrets, and to replace them would spoil every other word.</summary>
    public const int Shortest = 8;

    /// <summary>Less of it is no secret: many keys of a provider begin alike.</summary>
    private const int ShortestRest = 12;

    private readonly string[] _shapes;
    private readonly byte[][] _bytes;

    public SecretText(string value)
    {
        // Longer ones first: one may hold another.
        _shapes = value.Length < Shortest ? [] : [.. ShapesOf(value).Where(shape => shape.Length >= Shortest).Distinct(StringComparer.Ordinal).OrderByDescending(shape => shape.Length)];
        _bytes = [.. _shapes.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>The text without it. Where the text was cut off in the middle of it, the rest of it goes, too.</summary>
    public string Redact(string text)
    {
        foreach (var shape in _shapes)
        {
            text = WithoutRests(text.Replace(shape, Stars, StringComparison.Ordinal), shape);
        }

        return text;
    }

    /// <summary>True when it is found in a file's content.</summary>
    public bool IsIn(ReadOnlySpan<byte> content)
    {
        foreach (var shape in _bytes)
        {
            if (content.IndexOf(shape) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public override string ToString() => Stars;

    private static string WithoutRests(string text, string shape)
    {
        for (var length = Math.Min(shape.Length - 1, text.Length); length >= ShortestRest; length--)
        {
            if (length <= text.Length && text.AsSpan().StartsWith(shape.AsSpan(^length..), StringComparison.Ordinal))
            {
                text = Stars + text[length..];
            }

            if (length <= text.Length && text.AsSpan().EndsWith(shape.AsSpan(0, length), StringComparison.Ordinal))
            {
                text = text[..^length] + Stars;
            }
        }

        return text;
    }

    private static IEnumerable<string> ShapesOf(string value)
    {
        var (json, address) = (JsonEncodedText.Encode(value).ToString(), Uri.EscapeDataString(value));
        yield return value;
        yield return json;
        yield return Escapes().Replace(json, escape => escape.Value.ToLowerInvariant());
        yield return JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
        yield return value.Replace("/", "\\/", StringComparison.Ordinal);
        yield return address;
        yield return Escapes().Replace(address, escape => escape.Value.ToLowerInvariant());
        yield return WebUtility.UrlEncode(value);
        yield return WebUtility.HtmlEncode(value);
        foreach (var core in Base64Cores(Encoding.UTF8.GetBytes(value)))
        {
            yield return core;
            yield return core.Replace('+', '-').Replace('/', '_');
        }
    }

    // Three bytes are four characters: what a value becomes hangs on how many bytes stand before it. Characters that hold
    // bits of a neighbour are left out.
    private static IEnumerable<string> Base64Cores(byte[] value)
    {
        for (var before = 0; before < 3; before++)
        {
            var encoded = Convert.ToBase64String([.. new byte[before], .. value]);
            var (first, end) = (((before * 8) + 5) / 6, (before + value.Length) * 8 / 6);
            yield return encoded[first..end];
        }
    }

    [GeneratedRegex(@"%[0-9A-F]{2}|\\u[0-9A-F]{4}", RegexOptions.CultureInvariant)]
    private static partial Regex Escapes();
}
