using System.Text.Json;

namespace PSRunner.Engine.Commands;

/// <summary>What a command says of itself: a JSON object as the last line of its standard output.</summary>
/// <param name="Outcome">Passed, Failed, Errored or Skipped; empty: not said.</param>
/// <param name="Score">0 to 1; NaN: not said.</param>
/// <param name="Message">Why, in words; empty: not said.</param>
/// <param name="Metrics">Numbers by name.</param>
internal sealed record CommandVerdict(string Outcome, double Score, string Message, IReadOnlyDictionary<string, double> Metrics)
{
    private const int MostMetrics = 200;

    /// <summary>Nothing was said.</summary>
    public static CommandVerdict None { get; } = new("", double.NaN, "", new Dictionary<string, double>());

    /// <summary>
    /// Reads <c>{"Outcome": "Failed", "Score": 0.4, "Message": "...", "Metrics": {"Tokens": 12}}</c>, names in any case, each
    /// may be missing. What is something else there is told in the message and otherwise left alone: it is the test's own text.
    /// </summary>
    /// <param name="output">The end of the standard output.</param>
    public static CommandVerdict Read(string output)
    {
        var line = LastLine(output);
        if (line is not ['{', .., '}'])
        {
            return None;
        }

        try
        {
            using var json = JsonDocument.Parse(line.ToString());
            return Read(json.RootElement);
        }
        catch (JsonException)
        {
            return None; // A line in braces that is no JSON is output like any other.
        }
    }

    /// <summary>The last line that is not blank, trimmed.</summary>
    public static ReadOnlySpan<char> LastLine(ReadOnlySpan<char> text)
    {
        var end = text.TrimEnd();
        return end[(end.LastIndexOf('\n') + 1)..].Trim();
    }

    private static CommandVerdict Read(JsonElement root)
    {
        var (outcome, score, message) = ("", double.NaN, "");
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal);
        var ignored = new List<string>();
        foreach (var property in root.EnumerateObject())
        {
            var value = property.Value;
            if (Is(property, "Outcome"))
            {
                outcome = value.ValueKind == JsonValueKind.String ? WordOf(TextOf(value)) : "";
                Check(outcome.Length > 0, "Outcome is Passed, Failed, Errored or Skipped");
            }
            else if (Is(property, "Score"))
            {
                score = value.ValueKind == JsonValueKind.Number && value.GetDouble() is >= 0 and <= 1 and var number ? number : double.NaN;
                Check(!double.IsNaN(score), "Score is a number from 0 to 1");
            }
            else if (Is(property, "Message") && value.ValueKind == JsonValueKind.String)
            {
                message = TextOf(value);
            }
            else if (Is(property, "Metrics") && value.ValueKind == JsonValueKind.Object)
            {
                foreach (var metric in value.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.Number).Take(MostMetrics))
                {
                    metrics[NameOf(metric)] = metric.Value.GetDouble();
                }
            }
        }

        return new CommandVerdict(outcome, score, string.Join("; ", [.. message.Length > 0 ? [message] : Array.Empty<string>(), .. ignored]), metrics);

        void Check(bool fits, string rule)
        {
            if (!fits)
            {
                ignored.Add($"the verdict was ignored in part: {rule}");
            }
        }
    }

    private static bool Is(JsonProperty property, string name) => NameOf(property).Equals(name, StringComparison.OrdinalIgnoreCase);

    // JSON may escape half a character, which is no text: then it is told as it was written.
    private static string NameOf(JsonProperty property) => TextOr(() => property.Name, property.ToString());

    private static string TextOf(JsonElement value) => TextOr(() => value.GetString()!, value.GetRawText());

    private static string TextOr(Func<string> read, string raw)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return raw;
        }
    }

    private static string WordOf(string word) =>
        ((string[])[Outcomes.Passed, Outcomes.Failed, Outcomes.Errored, Outcomes.Skipped]).FirstOrDefault(o => o.Equals(word, StringComparison.OrdinalIgnoreCase)) ?? "";
}
