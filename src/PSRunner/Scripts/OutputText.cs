using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
using PSRunner.Export;

namespace PSRunner.Scripts;

/// <summary>
/// An object that a script wrote, as the text of its output: a value as PowerShell converts it to text; hashtables, lists,
/// rows and objects whose text would be no more than the name of their type as one line of JSON.
/// </summary>
internal static class OutputText
{
    // Objects may hold themselves, and lists have no end that is known.
    private const int MostLevels = 5;
    private const int MostBytes = 16 * 1024;
    private const string Omitted = "...";
    private const string FormatData = "Microsoft.PowerShell.Commands.Internal.Format.";

    /// <summary>The text of one object, without a line's end.</summary>
    public static string Of(object? value)
    {
        if (!HasParts(value))
        {
            return InputObject.TextOf(value);
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, JsonExport.Options))
        {
            Write(json, value, MostLevels);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, object? value, int levels)
    {
        if (!HasParts(value))
        {
            WriteValue(json, value);
        }
        else if (levels == 0)
        {
            json.WriteStringValue(Omitted);
        }
        else if (Inner(value) is ICollection list and not IDictionary)
        {
            WriteList(json, list, levels - 1);
        }
        else
        {
            WriteObject(json, value, levels - 1);
        }
    }

    private static void WriteList(Utf8JsonWriter json, ICollection list, int levels)
    {
        json.WriteStartArray();
        foreach (var item in list)
        {
            if (IsFull(json))
            {
                json.WriteStringValue(Omitted);
                break;
            }

            Write(json, item, levels);
        }

        json.WriteEndArray();
    }

    private static void WriteObject(Utf8JsonWriter json, object? value, int levels)
    {
        json.WriteStartObject();
        foreach (var (name, part) in InputObject.PropertiesOf(value))
        {
            if (IsFull(json))
            {
                json.WriteString(Omitted, "");
                break;
            }

            json.WritePropertyName(Cut(name));
            Write(json, part, levels);
        }

        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (Inner(value))
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case ulong number: json.WriteNumberValue(number); break;
            case byte or sbyte or short or ushort or int or uint or long: json.WriteNumberValue(Convert.ToInt64(Inner(value), CultureInfo.InvariantCulture)); break;
            case DateTime time: json.WriteStringValue(time); break;
            case DateTimeOffset time: json.WriteStringValue(time); break;
            default: json.WriteStringValue(Cut(InputObject.TextOf(value))); break;
        }
    }

    private static bool IsFull(Utf8JsonWriter json) => json.BytesCommitted + json.BytesPending >= MostBytes;

    private static string Cut(string text) => text.Length <= MostBytes ? text : string.Concat(text.AsSpan(0, MostBytes), Omitted);

    // Format-Table writes orders for a screen, which are no data.
    private static bool HasParts(object? value) => Inner(value) switch
    {
        null or string => false,
        ICollection or PSCustomObject => true,
        var inner when inner.GetType() is { IsPrimitive: false, IsEnum: false } type => type.ToString() is var name && !name.StartsWith(FormatData, StringComparison.Ordinal) && InputObject.TextOf(value) == name,
        _ => false,
    };

    private static object? Inner(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
