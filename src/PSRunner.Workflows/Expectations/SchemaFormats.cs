using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PSRunner.Workflows.Expectations;

/// <summary>The formats of texts that a schema can name.</summary>
internal static class SchemaFormats
{
    private static readonly string[] Times =
        [.. from seconds in (string[])["HH':'mm':'ss", "HH':'mm':'ss.FFFFFFF"] from zone in (string[])["'Z'", "'z'", "zzz"] select seconds + zone];

    private static readonly string[] DateTimes = [.. from separator in (string[])["'T'", "'t'", "' '"] from time in Times select "yyyy'-'MM'-'dd" + separator + time];

    private static readonly Dictionary<string, Func<string, bool>> All = new(StringComparer.Ordinal)
    {
        ["date"] = text => DateOnly.TryParseExact(text, "yyyy'-'MM'-'dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ["time"] = text => IsTime(text, Times),
        ["date-time"] = text => IsTime(text, DateTimes),
        ["email"] = IsEmail,
        ["hostname"] = text => Uri.CheckHostName(text) == UriHostNameType.Dns,
        ["ipv4"] = text => text.Split('.') is { Length: 4 } parts && parts.All(p => p is "0" || (p.All(char.IsAsciiDigit) && !p.StartsWith('0') && byte.TryParse(p, CultureInfo.InvariantCulture, out _))),
        ["ipv6"] = text => !text.Contains('%') && IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6,
        ["uri"] = text => Uri.IsWellFormedUriString(text, UriKind.Absolute),
        ["uuid"] = text => Guid.TryParseExact(text, "D", out _),
    };

    /// <summary>The names of all.</summary>
    public static IEnumerable<string> Names => All.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether a text has a format; null: there is no such format here.</summary>
    public static Func<string, bool>? Find(string name) => All.GetValueOrDefault(name);

    private static bool IsTime(string text, string[] shapes) => DateTimeOffset.TryParseExact(text, shapes, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool IsEmail(string text)
    {
        var at = text.LastIndexOf('@');
        return at > 0 && text.IndexOf('@') == at && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)) && Uri.CheckHostName(text[(at + 1)..]) != UriHostNameType.Unknown;
    }
}
