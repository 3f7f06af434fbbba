using System.Text.Json;

namespace PSRunner.Workflows.Expectations;

/// <summary>One keyword of a schema while it is read.</summary>
/// <param name="Reader">Reads the schemas within.</param>
/// <param name="Schema">What becomes of the schema.</param>
/// <param name="Beside">All keywords of the schema.</param>
/// <param name="Place">Where the schema stands.</param>
/// <param name="Name">The keyword.</param>
/// <param name="Value">What it says.</param>
internal sealed record SchemaKeyword(SchemaReader Reader, Schema Schema, JsonElement Beside, string Place, string Name, JsonElement Value)
{
    /// <summary>Where the keyword stands.</summary>
    public string At => SchemaReader.Below(Place, Name);

    /// <summary>Adds a check of values of one kind; others are as the schema wants them.</summary>
    public void Check(JsonValueKind kind, SchemaCheck check) => Schema.Checks.Add((value, path, found) =>
    {
        if (value.ValueKind == kind)
        {
            check(value, path, found);
        }
    });

    /// <summary>Adds a rule for values of one kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="holds">Whether a value keeps it.</param>
    /// <param name="rule">It, in words.</param>
    public void Rule(JsonValueKind kind, Func<JsonElement, bool> holds, string rule) => Check(kind, (value, path, found) =>
    {
        if (!holds(value))
        {
            found.Add(rule, path);
        }
    });

    /// <summary>A keyword beside this one; undefined when there is none.</summary>
    public JsonElement Other(string name) => Beside.TryGetProperty(name, out var value) ? value : default;

    /// <summary>The schema that it says.</summary>
    public Schema Inner() => Reader.At(Value, At);

    /// <summary>The schemas that it lists.</summary>
    public List<Schema> InnerList() => [.. Items().Select((item, i) => Reader.At(item, SchemaReader.Below(At, $"{i}")))];

    /// <summary>The schemas that it names.</summary>
    public Dictionary<string, Schema> InnerMap()
    {
        var map = new Dictionary<string, Schema>(StringComparer.Ordinal);
        foreach (var property in Object().EnumerateObject())
        {
            map[property.Name] = Reader.At(property.Value, SchemaReader.Below(At, property.Name));
        }

        return map;
    }

    /// <summary>What it lists.</summary>
    public IEnumerable<JsonElement> Items() => Value.ValueKind == JsonValueKind.Array ? Value.EnumerateArray() : throw Wrong("is no array");

    /// <summary>The texts that it lists.</summary>
    public List<string> Texts() => [.. Items().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong("holds something that is no text"))];

    /// <summary>The object that it says.</summary>
    public JsonElement Object() => Value.ValueKind == JsonValueKind.Object ? Value : throw Wrong("is no JSON object");

    /// <summary>The number that it says.</summary>
    public JsonElement Number() => Value.ValueKind == JsonValueKind.Number ? Value : throw Wrong("is no number");

    /// <summary>The count that it says.</summary>
    public int Count() => Value.ValueKind == JsonValueKind.Number && SchemaNumbers.IsWhole(Value) && Value.GetDouble() is >= 0 and <= int.MaxValue
        ? (int)Value.GetDouble()
        : throw Wrong("is no whole number from 0");

    /// <summary>The text that it says.</summary>
    public string Text() => Value.ValueKind == JsonValueKind.String ? Value.GetString()! : throw Wrong("is no text");

    /// <summary>What it says is wrong.</summary>
    public SchemaException Wrong(string what, Exception? inner = null) => new($"{At} {what}", inner);
}
