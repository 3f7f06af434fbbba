using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace PSRunner.Workflows.Expectations;

/// <summary>
/// A schema as the library understands it. What it would pass over without a word is refused here, because a reply must not
/// pass by a rule that was never looked at; what it knows by another name is renamed.
/// </summary>
internal static class SupportedSchema
{
    private const int MostDepth = 64;

    private static readonly string[] Types = ["object", "array", "string", "number", "integer", "boolean", "null"];

    private static readonly HashSet<string> Plain = new(StringComparer.Ordinal)
    {
        "$schema", "$id", "id", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
        "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    };

    /// <summary>The schema, rewritten.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="TestBatchException">ExpectSchemaInvalid.</exception>
    public static string Of(string json)
    {
        var root = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = MostDepth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        return root is JsonObject schema ? Rewritten(schema, json, "#").ToJsonString() : throw SchemaExpectation.Invalid(json, "it is no JSON object");
    }

    private static JsonObject Rewritten(JsonObject schema, string json, string path)
    {
        var made = new JsonObject();
        foreach (var (name, value) in schema)
        {
            var at = $"{path}/{name}";
            switch (name)
            {
                case "type":
                    CheckTypes(value, json, at);
                    made[name] = value?.DeepClone();
                    break;
                case "pattern":
                    CheckPattern(value?.ToString(), json, at);
                    made[name] = value?.DeepClone();
                    break;
                case "enum" or "required":
                    made[name] = value as JsonArray is { } list ? list.DeepClone() : throw SchemaExpectation.Invalid(json, $"{at} is no array");
                    break;
                case "const":
                    made["enum"] = new JsonArray(value?.DeepClone());
                    break;
                case "$ref":
                    made[name] = Reference(value, json, at);
                    break;
                case "properties" or "patternProperties" or "definitions":
                    made[name] = Map(value, json, at);
                    foreach (var (pattern, _) in name == "patternProperties" ? made[name]!.AsObject() : [])
                    {
                        CheckPattern(pattern, json, at);
                    }

                    break;
                case "$defs":
                    made["definitions"] = Map(value, json, at);
                    break;
                case "allOf" or "anyOf" or "oneOf":
                case "items" when value is JsonArray:
                    made[name] = List(value, json, at);
                    break;
                case "items" or "additionalItems" or "additionalProperties" or "not":
                    made[name] = value is JsonObject inner ? Rewritten(inner, json, at) : value?.DeepClone();
                    break;
                default:
                    made[name] = Plain.Contains(name) || name.StartsWith("x-", StringComparison.Ordinal)
                        ? value?.DeepClone()
                        : throw SchemaExpectation.Invalid(json, $"it uses '{name}' at {path}, which is not checked here. Say it in other words, or use -ExpectScript");
                    break;
            }
        }

        return made;
    }

    private static void CheckTypes(JsonNode? value, string json, string at)
    {
        foreach (var type in value is JsonArray several ? several.ToList() : [value])
        {
            if (type is not JsonValue word || !Types.Contains(word.ToString()))
            {
                throw SchemaExpectation.Invalid(json, $"{at} is {type?.ToJsonString() ?? "null"}; there are {string.Join(", ", Types)}");
            }
        }
    }

    private static void CheckPattern(string? pattern, string json, string at)
    {
        try
        {
            _ = Regex.Match("", pattern ?? throw SchemaExpectation.Invalid(json, $"{at} is no text"));
        }
        catch (ArgumentException e)
        {
            throw SchemaExpectation.Invalid(json, $"{at} holds no regular expression: {e.Message}", e);
        }
    }

    private static JsonNode Reference(JsonNode? value, string json, string at)
    {
        var target = value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
        return target.StartsWith('#')
            ? target.Replace("#/$defs/", "#/definitions/", StringComparison.Ordinal)
            : throw SchemaExpectation.Invalid(json, $"{at} refers to '{target}', and only references into the schema itself, '#/…', are followed");
    }

    private static JsonObject Map(JsonNode? value, string json, string at)
    {
        var made = new JsonObject();
        foreach (var (name, inner) in value as JsonObject ?? throw SchemaExpectation.Invalid(json, $"{at} is no JSON object"))
        {
            made[name] = Inner(inner, json, $"{at}/{name}");
        }

        return made;
    }

    private static JsonArray List(JsonNode? value, string json, string at) =>
        new([.. (value as JsonArray ?? throw SchemaExpectation.Invalid(json, $"{at} is no array")).Select((inner, i) => Inner(inner, json, $"{at}/{i}"))]);

    // true and false are schemas: everything, and nothing.
    private static JsonObject Inner(JsonNode? schema, string json, string at) => schema switch
    {
        JsonObject inner => Rewritten(inner, json, at),
        { } constant when constant.GetValueKind() == JsonValueKind.True => [],
        { } constant when constant.GetValueKind() == JsonValueKind.False => new JsonObject { ["not"] = new JsonObject() },
        _ => throw SchemaExpectation.Invalid(json, $"{at} is no schema"),
    };
}
