using System.Text.Json;

namespace PSRunner.Workflows.Expectations;

/// <summary>
/// Reads a JSON schema (https://json-schema.org, draft 4 to 2020-12). What is not checked here is refused, because a reply
/// must not pass by a rule that was never looked at.
/// </summary>
internal sealed class SchemaReader
{
    private readonly JsonElement _root;
    private readonly Dictionary<string, Schema> _read = new(StringComparer.Ordinal);

    private SchemaReader(JsonElement root) => _root = root;

    /// <summary>The schema.</summary>
    /// <exception cref="SchemaException">It cannot be used.</exception>
    public static Schema Read(JsonElement root)
    {
        var reader = new SchemaReader(root);
        var schema = root.ValueKind == JsonValueKind.Object ? reader.At(root, "#") : throw new SchemaException("it is no JSON object");
        reader.RefuseCircles();
        return schema;
    }

    /// <summary>The schema at a place of the document; each is read once.</summary>
    public Schema At(JsonElement json, string at)
    {
        if (_read.TryGetValue(at, out var known))
        {
            return known;
        }

        var schema = _read[at] = new Schema();
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var keyword in json.EnumerateObject())
                {
                    SchemaKeywords.Read(new SchemaKeyword(this, schema, json, at, keyword.Name, keyword.Value));
                }

                break;
            case JsonValueKind.False:
                schema.Checks.Add((_, path, found) => found.Add("false", path));
                break;
            case JsonValueKind.True:
                break;
            default:
                throw new SchemaException($"{at} is no schema");
        }

        return schema;
    }

    /// <summary>The schema that a reference means.</summary>
    public Schema Referred(string reference, string at)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            throw new SchemaException($"{at} refers to '{reference}', and only references into the schema itself, '#/…', are followed");
        }

        var (json, place) = (_root, "#");
        foreach (var part in reference.Split('/').Skip(1).Select(p => Uri.UnescapeDataString(p).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
        {
            json = json.ValueKind switch
            {
                JsonValueKind.Object when json.TryGetProperty(part, out var property) => property,
                JsonValueKind.Array when int.TryParse(part, out var index) && index >= 0 && index < json.GetArrayLength() => json[index],
                _ => throw new SchemaException($"{at} refers to '{reference}', which is not there"),
            };
            place = Below(place, part);
        }

        return At(json, place);
    }

    /// <summary>The place of a part.</summary>
    public static string Below(string at, string part) => $"{at}/{part.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    private void RefuseCircles()
    {
        var (open, closed) = (new HashSet<Schema>(), new HashSet<Schema>());
        foreach (var (at, schema) in _read)
        {
            Visit(schema, at);
        }

        void Visit(Schema schema, string at)
        {
            if (closed.Contains(schema))
            {
                return;
            }

            if (!open.Add(schema))
            {
                throw new SchemaException($"{at} refers to itself without end");
            }

            schema.OfSameValue.ForEach(inner => Visit(inner, at));
            open.Remove(schema);
            closed.Add(schema);
        }
    }
}

/// <summary>A schema that cannot be used, and why.</summary>
internal sealed class SchemaException(string message, Exception? inner = null) : Exception(message, inner);
