using System.Text;
using System.Text.Json;

namespace PSRunner.Workflows.Tools;

/// <summary>The JSON form of a registry: ours (an object with "tools", an array) and the old runner's (an object keyed by tool name).</summary>
internal static class ToolRegistryJson
{
    /// <summary>Our form, compact, always in the same order.</summary>
    public static string Write(IReadOnlyList<ToolDefinition> tools)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("tools");
            foreach (var tool in tools)
            {
                WriteTool(json, tool);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>Reads either form.</summary>
    /// <exception cref="TestBatchException">ToolRegistryInvalid: which tool lacks what.</exception>
    public static IReadOnlyList<ToolDefinition> Read(JsonElement root, string source)
    {
        var library = Library(source);
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw library.Invalid($"is a JSON {JsonFields.Kind(root)}; expected is an object with 'tools' or one keyed by tool name");
        }

        return root.TryGetProperty("tools", out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select((item, index) => ReadTool(item, $"tool {index + 1}", library))]
            : [.. root.EnumerateObject().Select(item => ReadTool(item.Value, $"'{item.Name}'", library))];
    }

    /// <summary>How messages speak of a registry.</summary>
    public static LibrarySource Library(string source) => new("ToolRegistry", "tool registry", source);

    private static void WriteTool(Utf8JsonWriter json, ToolDefinition tool)
    {
        json.WriteStartObject();
        json.WriteString("name", tool.Name);
        json.WriteString("category", tool.Category);
        json.WriteString("description", tool.Description);
        json.WriteStartArray("parameters");
        foreach (var parameter in tool.Parameters)
        {
            json.WriteStartObject();
            json.WriteString("name", parameter.Name);
            json.WriteString("type", parameter.Type);
            json.WriteString("description", parameter.Description);
            json.WriteBoolean("required", parameter.Required);
            if (parameter.DefaultJson is not null)
            {
                json.WritePropertyName("default");
                json.WriteRawValue(parameter.DefaultJson);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteNames(json, "errors", tool.ErrorCodes);
        WriteNames(json, "dependencies", tool.Dependencies);
        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static ToolDefinition ReadTool(JsonElement item, string which, LibrarySource library)
    {
        var tool = new JsonFields(item, which, library);
        var name = tool.Text("name");
        return new ToolDefinition(
            name,
            Category(tool, name),
            tool.Text("description"),
            [.. tool.Items("parameters").Select((parameter, index) => ReadParameter(parameter, $"parameter {index + 1} of '{name}'", library))],
            [.. tool.Items("errors").Select(error => ErrorCode(error, name, library))],
            tool.Texts("dependencies"));
    }

    private static ToolParameter ReadParameter(JsonElement item, string which, LibrarySource library)
    {
        var parameter = new JsonFields(item, which, library);
        return new ToolParameter(
            parameter.Text("name"), parameter.Text("type"), parameter.Text("description"), parameter.IsTrue("required"), parameter.OptionalJson("default"));
    }

    // Ours is a list of codes, the old one a list of objects.
    private static string ErrorCode(JsonElement error, string tool, LibrarySource library) =>
        error.ValueKind == JsonValueKind.String ? error.GetString()! : new JsonFields(error, $"an error of '{tool}'", library).Text("code");

    // The old form keeps the category in its metadata; without any, it is the name up to its last underscore.
    private static string Category(JsonFields tool, string name)
    {
        var cut = name.LastIndexOf('_');
        return tool.OptionalText("category") ?? tool.OptionalObject("metadata")?.OptionalText("category") ?? (cut > 0 ? name[..cut] : name);
    }
}
