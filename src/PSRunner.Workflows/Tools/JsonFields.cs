using System.Text;
using System.Text.Json;

namespace PSRunner.Workflows.Tools;

/// <summary>The fields of one JSON object of a library, with errors that say which object of which file lacks what.</summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _item;
    private readonly string _which;
    private readonly LibrarySource _library;

    /// <param name="item">The object.</param>
    /// <param name="which">How messages name it: <c>tool 3</c>, <c>'files_read'</c>.</param>
    /// <param name="library">The file it is from.</param>
    public JsonFields(JsonElement item, string which, LibrarySource library)
    {
        (_item, _which, _library) = (item, which, library);
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw library.Invalid($"holds {which} as a JSON {Kind(item)} instead of an object");
        }
    }

    /// <summary>The kind of a JSON value in lower case: object, array, string, number, ...</summary>
    public static string Kind(JsonElement element) => element.ValueKind.ToString().ToLowerInvariant();

    /// <summary>A text that must be there.</summary>
    public string Text(string name) =>
        OptionalText(name) ?? throw _library.Invalid($"gives {_which} no text '{name}'");

    /// <summary>A text; null when there is none of that name.</summary>
    public string? OptionalText(string name) =>
        _item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>An object inside the object; null when there is none of that name.</summary>
    public JsonFields? OptionalObject(string name) =>
        _item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? new JsonFields(value, _which, _library) : null;

    /// <summary>True when there is a true of that name.</summary>
    public bool IsTrue(string name) => _item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>Any value that is not null, as compact JSON text; null when there is none of that name.</summary>
    public string? OptionalJson(string name)
    {
        if (!_item.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        // Written anew, so that the layout of a file does not change a hash.
        using var buffer = new MemoryStream();
        using var json = new Utf8JsonWriter(buffer);
        value.WriteTo(json);
        json.Flush();
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>The items of an array; none when there is none of that name.</summary>
    public IReadOnlyList<JsonElement> Items(string name)
    {
        if (!_item.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray()]
            : throw _library.Invalid($"gives {_which} '{name}' as a JSON {Kind(value)} instead of an array");
    }

    /// <summary>The items of an array of texts.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        var texts = new List<string>();
        foreach (var item in Items(name))
        {
            texts.Add(item.ValueKind == JsonValueKind.String
                ? item.GetString()!
                : throw _library.Invalid($"gives {_which} a '{name}' entry that is a JSON {Kind(item)} instead of text"));
        }

        return texts;
    }
}
