using System.Globalization;
using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Prompts;

/// <summary>Arguments of the right names and types for a tool, as a plan shows them.</summary>
internal static class SampleArguments
{
    private static readonly string[] Nouns = ["orders", "readings", "members", "invoices", "bookings", "repairs"];
    private static readonly string[] Formats = ["csv", "json", "xml", "yaml"];

    /// <summary>
    /// What a call must have; where nothing is a must, the first optional parameter, so that every tool with parameters
    /// shows one. The same tool and seed give the same arguments wherever the tool stands in a plan.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string>> For(ToolDefinition tool, string seed)
    {
        var random = new SeededRandom($"arguments/{seed}/{tool.Name}");
        var noun = new SeededRandom($"noun/{seed}").Pick(Nouns);
        var formats = new Queue<string>(random.Shuffle(Formats)); // No tool turns a format into itself.
        var shown = tool.Parameters.Where(parameter => parameter.Required).ToList();
        return [.. (shown.Count > 0 ? shown : tool.Parameters.Take(1)).Select(parameter => KeyValuePair.Create(parameter.Name, Value(parameter, noun, formats, random)))];
    }

    private static string Value(ToolParameter parameter, string noun, Queue<string> formats, SeededRandom random)
    {
        var number = (1 + random.Next(40)).ToString(CultureInfo.InvariantCulture);
        return parameter.Type switch
        {
            "string" => $"\"{Text(parameter.Name, noun, number, formats, random)}\"",
            "integer" => number,
            "number" => number + ".5",
            "boolean" => random.Next(2) == 0 ? "true" : "false",
            "array" => $"[\"{noun}_id\",\"{noun}_day\"]",
            _ => $"{{\"name\":\"{noun}\",\"fields\":{number}}}",
        };
    }

    private static string Text(string name, string noun, string number, Queue<string> formats, SeededRandom random) => name switch
    {
        _ when name.Contains("format", StringComparison.Ordinal) => formats.TryDequeue(out var format) ? format : Formats[0],
        _ when Any(name, "path", "archive", "source", "file") => $"data/{noun}-{number}.csv",
        _ when Any(name, "address", "destination", "url", "start") => $"https://example.org/{noun}/{number}",
        _ when Any(name, "folder") => $"data/{noun}",
        _ when name is "at" => $"2030-05-{(1 + random.Next(28)).ToString("00", CultureInfo.InvariantCulture)}T06:00:00Z",
        _ when Any(name, "condition", "formula") => $"{noun} > {number}",
        _ => $"{noun}-{number}",
    };

    private static bool Any(string name, params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
        {
            if (name.Contains(part, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
