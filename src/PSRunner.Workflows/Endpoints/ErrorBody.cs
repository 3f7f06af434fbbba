using System.Globalization;
using System.Text.Json;

namespace PSRunner.Workflows.Endpoints;

/// <summary>What the body of an answer says of an error, in any of the shapes that providers and gateways use.</summary>
/// <param name="Codes">The words and numbers given as code, type or status; empty when the body has none.</param>
/// <param name="Message">The sentence for people; the body itself when it has no known shape.</param>
/// <param name="IsJson">True when the body is a JSON object or array.</param>
/// <param name="IsError">True when it says that it is an error.</param>
internal sealed record ErrorBody(IReadOnlyList<string> Codes, string Message, bool IsJson, bool IsError)
{
    /// <summary>More than this is not looked at.</summary>
    private const int MaxChars = 65_536;

    private const int MaxDepth = 16;

    private static readonly string[] CodeNames = ["code", "type", "status", "errorCode", "error_code", "reason"];
    private static readonly string[] MessageNames = ["message", "detailMessage", "errorMessage", "error_msg", "error_message", "msg", "detail", "error_description"];
    private static readonly string[] ErrorNames = ["error", "errors", "errorCode", "error_code", "detailMessage", "errorMessage"];

    /// <summary>Reads a body; never throws.</summary>
    public static ErrorBody Read(string body)
    {
        var text = body.Length > MaxChars ? body[..MaxChars] : body;
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                var (codes, messages) = (new List<string>(), new List<string>());
                Gather(document.RootElement, codes, messages);
                return new(codes, messages.Count > 0 ? string.Join(' ', messages) : text, IsJson: true, SaysError(document.RootElement));
            }
        }
        catch (JsonException)
        {
            // Not JSON: the text itself is all there is.
        }

        return new([], text, IsJson: false, IsError: false);
    }

    /// <summary>Whether a body is a chat completion, as far as its outermost shape goes.</summary>
    public static bool IsCompletion(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("choices", out var choices)
                && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Beside choices only an error with all its parts is one: a gateway says so in the last piece of a stream.</summary>
    private static bool SaysError(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object
        && (root.TryGetProperty("choices", out _)
            ? root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
            : root.EnumerateObject().Any(p => ErrorNames.Contains(p.Name, StringComparer.OrdinalIgnoreCase) && p.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)));

    /// <summary>Errors are wrapped in errors: the codes and messages of all levels count.</summary>
    private static void Gather(JsonElement element, List<string> codes, List<string> messages)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Gather(item, codes, messages);
            }
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            var value = property.Value;
            switch (value.ValueKind)
            {
                case JsonValueKind.String when Is(property, CodeNames):
                    codes.Add(value.GetString()!);
                    break;
                case JsonValueKind.Number when Is(property, CodeNames) && value.TryGetInt32(out var number):
                    codes.Add(number.ToString(CultureInfo.InvariantCulture));
                    break;
                case JsonValueKind.String when Is(property, MessageNames) || Is(property, ErrorNames):
                    messages.Add(value.GetString()!);
                    break;
                case JsonValueKind.Object or JsonValueKind.Array:
                    Gather(value, codes, messages);
                    break;
            }
        }
    }

    private static bool Is(JsonProperty property, string[] names) => names.Contains(property.Name, StringComparer.OrdinalIgnoreCase);
}
