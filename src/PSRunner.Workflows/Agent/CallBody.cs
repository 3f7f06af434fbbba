using System.Text;
using System.Text.Json;

namespace PSRunner.Workflows.Agent;

/// <summary>What stands between <c>&lt;tool_call&gt;</c> and its end: one tool, and its arguments.</summary>
/// <param name="Tool">The exact name of a known tool; null when the text does not name exactly one.</param>
/// <param name="Arguments">JSON object text, or null.</param>
/// <param name="Reason">Why there is no tool, in words for the model.</param>
/// <param name="IsUnknownTool">The text is a plain call of a tool that there is not.</param>
internal sealed record CallBody(string? Tool, string? Arguments, string Reason, bool IsUnknownTool = false)
{
    private const int MaxName = 100;

    private static readonly string[] NameKeys = ["name", "tool", "tool_name", "function"];
    private static readonly string[] ArgumentKeys = ["arguments", "parameters", "args", "params", "input"];

    private static readonly JsonReaderOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private static readonly CallBody NoTool = new(null, null, "it does not begin with the exact name of a known tool");
    private static readonly CallBody TwoTools = new(null, null, "it names more than one tool");

    /// <summary>Reads a trimmed text that is not empty.</summary>
    public static CallBody Read(string text, IReadOnlySet<string> toolNames) => text[0] switch
    {
        '{' or '[' => ReadJson(text, toolNames),
        '<' => ReadElement(text, toolNames),
        _ => ReadPlain(text, toolNames),
    };

    /// <summary>A name and what follows it: <c>name</c>, <c>name {json}</c>, <c>name(a=1)</c>, <c>name a="1"</c>, <c>name: ...</c>.</summary>
    private static CallBody ReadPlain(string text, IReadOnlySet<string> toolNames)
    {
        // What marks up a word elsewhere may be a part of a name; a name as it stands comes first.
        var exact = Run(text).ToString();
        if (toolNames.Contains(exact))
        {
            return WithArguments(exact, text[exact.Length..].TrimStart('"', '\'', '*', '`'), toolNames);
        }

        var rest = text.AsSpan().TrimStart("\"'*_");
        var word = Word(rest);
        if (NameKeys.Contains(word.ToString(), StringComparer.OrdinalIgnoreCase))
        {
            // "tool: network_fetcher", and the attribute of <tool_call name="network_fetcher">.
            var after = rest[word.Length..].TrimStart();
            if (after.Length > 0 && after[0] is ':' or '=')
            {
                rest = after[1..].TrimStart().TrimStart("\"'*");
                word = Word(rest);
            }
        }

        var name = word.ToString();
        var behind = rest[word.Length..].TrimStart("\"'*`").ToString();
        return toolNames.Contains(name) ? WithArguments(name, behind, toolNames) : Unknown(name, behind, toolNames);
    }

    /// <summary>
    /// No known tool. Who calls one that there is not has made a mistake; a name that may have been cut off, glued to
    /// something or spelt in other capitals, and a name with prose behind it, have not been read.
    /// </summary>
    private static CallBody Unknown(string name, string rest, IReadOnlySet<string> toolNames)
    {
        var isPlain = name.Length is > 0 and <= MaxName && Run(name).Length == name.Length
            && (string.IsNullOrWhiteSpace(rest) || ArgumentText.Read(rest) is not null)
            && !toolNames.Any(tool => tool.StartsWith(name, StringComparison.OrdinalIgnoreCase) || name.StartsWith(tool, StringComparison.OrdinalIgnoreCase));
        return isPlain ? new CallBody(null, null, $"there is no tool '{name}'", IsUnknownTool: true) : NoTool;
    }

    private static CallBody WithArguments(string name, string rest, IReadOnlySet<string> toolNames)
    {
        var arguments = ArgumentText.Read(rest);
        return arguments is null && NamesAnother(rest, name, toolNames) ? TwoTools : new CallBody(name, arguments, "");
    }

    /// <summary><c>&lt;name&gt;network_fetcher&lt;/name&gt;...</c>, <c>&lt;function=network_fetcher&gt;...</c>, <c>&lt;network_fetcher&gt;...</c>.</summary>
    private static CallBody ReadElement(string text, IReadOnlySet<string> toolNames)
    {
        var close = text.IndexOf('>', StringComparison.Ordinal);
        if (close < 0)
        {
            return NoTool;
        }

        var head = text.AsSpan(1, close - 1).Trim().TrimEnd('/').Trim();
        var element = Word(head);
        var rest = text.AsSpan(close + 1);
        var name = element.ToString();
        if (!toolNames.Contains(name))
        {
            if (!NameKeys.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return NoTool;
            }

            var attribute = head[element.Length..].TrimStart(" =\"'");
            if (attribute.Length > 0)
            {
                name = Word(attribute).ToString();
            }
            else
            {
                var end = rest.IndexOf('<');
                name = (end < 0 ? rest : rest[..end]).Trim().ToString();
                rest = end < 0 ? [] : rest[end..];
                rest = rest.StartsWith($"</{element}>") ? rest[(element.Length + 3)..] : rest;
            }
        }
        else if (rest.TrimEnd().EndsWith($"</{name}>"))
        {
            rest = rest.TrimEnd()[..^(name.Length + 3)];
        }

        return toolNames.Contains(name) ? WithArguments(name, rest.ToString(), toolNames) : Unknown(name, rest.ToString(), toolNames);
    }

    private static CallBody ReadJson(string text, IReadOnlySet<string> toolNames)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes, Lenient);
        try
        {
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array)
            {
                if (root.GetArrayLength() != 1)
                {
                    return root.GetArrayLength() == 0 ? NoTool : TwoTools;
                }

                root = root[0];
            }

            var call = root.ValueKind == JsonValueKind.Object ? FromObject(root, toolNames) : NoTool;
            var behind = Encoding.UTF8.GetString(bytes.AsSpan((int)reader.BytesConsumed));
            return call.Tool is { } tool && NamesAnother(behind, tool, toolNames) ? TwoTools : call;
        }
        catch (JsonException)
        {
            return new CallBody(null, null, "it is no complete JSON object");
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, written as an escape, is JSON and no text.
            return new CallBody(null, null, "it holds an escape that is no character");
        }
    }

    private static CallBody FromObject(JsonElement item, IReadOnlySet<string> toolNames)
    {
        string? name = null;
        string? arguments = null;
        foreach (var property in item.EnumerateObject())
        {
            if (NameKeys.Contains(property.Name, StringComparer.OrdinalIgnoreCase))
            {
                var (said, nested) = property.Value.ValueKind switch
                {
                    JsonValueKind.String => (property.Value.GetString(), null),
                    JsonValueKind.Object when FromObject(property.Value, toolNames) is { Tool: { } tool } inner => (tool, inner.Arguments),
                    _ => (null, null),
                };
                if (name is not null && said != name)
                {
                    return TwoTools;
                }

                name = said;
                arguments ??= nested;
            }
            else if (ArgumentKeys.Contains(property.Name, StringComparer.OrdinalIgnoreCase))
            {
                arguments = property.Value.ValueKind switch
                {
                    JsonValueKind.Object => property.Value.GetRawText(),
                    JsonValueKind.String => ArgumentText.Read(property.Value.GetString() ?? ""),
                    _ => arguments,
                };
            }
            else if (toolNames.Contains(property.Name) && item.GetPropertyCount() == 1)
            {
                return new CallBody(property.Name, property.Value.ValueKind == JsonValueKind.Object ? property.Value.GetRawText() : null, "");
            }
        }

        return name is null ? NoTool : toolNames.Contains(name) ? new CallBody(name, arguments, "") : Unknown(name, "", toolNames);
    }

    /// <summary>True when a text holds the whole name of a tool other than <paramref name="name"/>.</summary>
    private static bool NamesAnother(ReadOnlySpan<char> text, string name, IReadOnlySet<string> toolNames)
    {
        while (text.Length > 0)
        {
            var word = Word(text);
            if (word.Length > 0 && !word.SequenceEqual(name) && toolNames.Contains(word.ToString()))
            {
                return true;
            }

            text = text[Math.Max(1, word.Length)..];
        }

        return false;
    }

    /// <summary>The longest run of characters that names are made of; a full stop or hyphen at its end is punctuation.</summary>
    private static ReadOnlySpan<char> Word(ReadOnlySpan<char> text) => Run(text).TrimEnd(".-");

    private static ReadOnlySpan<char> Run(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] is '_' or '-' or '.'))
        {
            length++;
        }

        return text[..length];
    }
}
