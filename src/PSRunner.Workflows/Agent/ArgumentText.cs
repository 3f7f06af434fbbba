using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PSRunner.Workflows.Agent;

/// <summary>
/// Arguments as models write them behind a tool's name: a JSON object, <c>(a=1, b="x")</c>, <c>[a=1]</c>, <c>a="1" b=2</c>,
/// lines of <c>a: 1</c>, <c>&lt;a&gt;1&lt;/a&gt;</c>. One pass over the text; what does not fit is null, whole.
/// </summary>
internal static class ArgumentText
{
    private const int MaxArguments = 64;

    private static readonly string[] Headings = ["arguments", "parameters", "args", "params"];

    private static readonly SearchValues<char> ValueEnds = SearchValues.Create(" ,;\r\n\t");

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>JSON object text, or null when there are none or they could not be read.</summary>
    public static string? Read(string text) => Read(text, isUnderHeading: false);

    // Arguments may stand under one heading, not under a heading in a heading: a reply decides how deep that would go.
    private static string? Read(string text, bool isUnderHeading)
    {
        var rest = Fences.Strip(text);
        foreach (var heading in Headings)
        {
            if (rest.StartsWith(heading, StringComparison.OrdinalIgnoreCase))
            {
                rest = rest[heading.Length..].TrimStart(" :=\r\n\t");
                rest = Fences.Strip(rest);
                break;
            }
        }

        if (rest.Length == 0)
        {
            return null;
        }

        return rest[0] switch
        {
            '{' => ReadObject(rest),
            '(' when rest[^1] == ')' => Inside(rest[1..^1].Trim()),
            '[' when rest[^1] == ']' => Inside(rest[1..^1].Trim()),
            '<' => ReadElements(rest, isUnderHeading),
            _ => ReadPairs(rest),
        };

        static string? Inside(ReadOnlySpan<char> inner) => inner.Length == 0 ? "{}" : inner[0] == '{' ? ReadObject(inner) : ReadPairs(inner);
    }

    private static string? ReadObject(ReadOnlySpan<char> text) => ParseJson(text) is JsonObject arguments ? Write(arguments) : null;

    private static string? ReadPairs(ReadOnlySpan<char> text)
    {
        var arguments = new JsonObject();
        var at = 0;
        while (SkipSeparators(text, ref at) && arguments.Count < MaxArguments)
        {
            var key = ReadKey(text, ref at);
            SkipSpaces(text, ref at);
            if (key.Length == 0 || at >= text.Length || text[at] is not ('=' or ':'))
            {
                return null;
            }

            var toEndOfLine = text[at++] == ':';
            SkipSpaces(text, ref at);
            if (!TryReadValue(text, ref at, toEndOfLine, out var value))
            {
                return null;
            }

            arguments[key] = value;
        }

        return at >= text.Length && arguments.Count > 0 ? Write(arguments) : null;
    }

    private static string? ReadElements(ReadOnlySpan<char> text, bool isUnderHeading)
    {
        var arguments = new JsonObject();
        var at = 0;
        while (SkipSeparators(text, ref at))
        {
            var head = text[at..].IndexOf('>');
            if (text[at] != '<' || head < 2 || arguments.Count >= MaxArguments)
            {
                return null;
            }

            var inside = text.Slice(at + 1, head - 1).Trim();
            var nameAttribute = inside.IndexOf("name=");
            var element = inside[..(inside.IndexOf(' ') is var space and > 0 ? space : inside.Length)].ToString();
            var key = nameAttribute > 0 ? inside[(nameAttribute + 5)..].Trim("\"' ").ToString() : element;
            at += head + 1;
            var length = text[at..].IndexOf($"</{element}>");
            if (length < 0 || key.Length == 0)
            {
                return null;
            }

            var value = text.Slice(at, length).Trim();
            at += length + element.Length + 3;
            if (!isUnderHeading && Headings.Contains(element, StringComparer.OrdinalIgnoreCase) && arguments.Count == 0)
            {
                return Read(value.ToString(), isUnderHeading: true);
            }

            arguments[key] = ParseJson(value) ?? JsonValue.Create(value.ToString());
        }

        return arguments.Count > 0 ? Write(arguments) : null;
    }

    private static bool TryReadValue(ReadOnlySpan<char> text, ref int at, bool toEndOfLine, out JsonNode? value)
    {
        value = null;
        if (at >= text.Length)
        {
            return false;
        }

        var first = text[at];
        if (first is '{' or '[')
        {
            var length = BalancedLength(text[at..]);
            if (length < 0)
            {
                return false;
            }

            value = Bare(text.Slice(at, length));
            at += length;
            return true;
        }

        if (first is '"' or '\'')
        {
            var length = QuotedLength(text[(at + 1)..], first);
            if (length < 0)
            {
                return false;
            }

            value = JsonValue.Create(text.Slice(at + 1, length).ToString());
            at += length + 2;
            return true;
        }

        var end = toEndOfLine ? text[at..].IndexOfAny("\r\n") : text[at..].IndexOfAny(ValueEnds);
        var bare = end < 0 ? text[at..] : text.Slice(at, end);
        at += bare.Length;
        value = Bare(bare.TrimEnd(", ;"));
        return bare.Length > 0;
    }

    /// <summary>The characters up to the quote that ends a value; braces in it may hold quotes of their own.</summary>
    private static int QuotedLength(ReadOnlySpan<char> text, char quote)
    {
        if (text.Length > 0 && text[0] is '{' or '[')
        {
            var braces = BalancedLength(text);
            return braces >= 0 && braces < text.Length && text[braces] == quote ? braces : -1;
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == quote)
            {
                return i;
            }
        }

        return -1;
    }

    private static int BalancedLength(ReadOnlySpan<char> text)
    {
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '{' or '[' => 1, '}' or ']' => -1, _ => 0 };
            if (depth == 0)
            {
                return i + 1;
            }
        }

        return -1;
    }

    /// <summary>A number, true, false, null or JSON as such; anything else is text.</summary>
    private static JsonNode? Bare(ReadOnlySpan<char> text) => text switch
    {
        "true" or "True" => JsonValue.Create(true),
        "false" or "False" => JsonValue.Create(false),
        "null" or "None" => null,
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => (text.Length > 0 && text[0] is '{' or '[' ? ParseJson(text) : null) ?? JsonValue.Create(text.ToString()),
    };

    private static string ReadKey(ReadOnlySpan<char> text, ref int at)
    {
        var quoted = at < text.Length && text[at] is '"' or '\'';
        var start = quoted ? ++at : at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '-' or '.'))
        {
            at++;
        }

        var key = text[start..at].TrimStart("-").ToString();
        at += quoted && at < text.Length ? 1 : 0;
        return key;
    }

    private static void SkipSpaces(ReadOnlySpan<char> text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }
    }

    /// <summary>Skips white space, commas, semicolons and comments; false at the end.</summary>
    private static bool SkipSeparators(ReadOnlySpan<char> text, ref int at)
    {
        while (at < text.Length)
        {
            if (text[at] == '#')
            {
                var end = text[at..].IndexOf('\n');
                at = end < 0 ? text.Length : at + end;
            }
            else if (!char.IsWhiteSpace(text[at]) && text[at] is not (',' or ';'))
            {
                return true;
            }
            else
            {
                at++;
            }
        }

        return false;
    }

    private static JsonNode? ParseJson(ReadOnlySpan<char> text)
    {
        if (text.Length == 0 || text[0] is not ('{' or '['))
        {
            return null;
        }

        try
        {
            var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
            Encoding.UTF8.GetBytes(text, bytes);
            return JsonNode.Parse(bytes, null, Lenient);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // A JsonObject reads its properties late: two of the same name, and escapes that are no characters, show only when it is written.
    private static string? Write(JsonObject arguments)
    {
        try
        {
            return arguments.ToJsonString();
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
