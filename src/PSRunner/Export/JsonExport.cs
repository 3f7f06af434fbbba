using System.Text.Encodings.Web;
using System.Text.Json;

namespace PSRunner.Export;

/// <summary>One JSON object a row: a line each (<c>.jsonl</c>), or all in one array (<c>.json</c>).</summary>
internal static class JsonExport
{
    // Text of models is full of quotes and other alphabets: escape what JSON demands and nothing else.
    internal static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void WriteLines(Stream stream, ExportTable table)
    {
        using var writer = new Utf8JsonWriter(stream, Options);
        foreach (var row in table.Rows())
        {
            WriteRow(writer, table.Columns, row);
            writer.Flush();
            stream.WriteByte((byte)'\n');
            writer.Reset();
        }
    }

    public static void WriteArray(Stream stream, ExportTable table)
    {
        using var writer = new Utf8JsonWriter(stream, Options with { Indented = true });
        writer.WriteStartArray();
        foreach (var row in table.Rows())
        {
            WriteRow(writer, table.Columns, row);
            writer.Flush();
        }

        writer.WriteEndArray();
        writer.Flush();
        stream.WriteByte((byte)'\n');
    }

    private static void WriteRow(Utf8JsonWriter writer, IReadOnlyList<ExportColumn> columns, object?[] row)
    {
        writer.WriteStartObject();
        for (var i = 0; i < row.Length; i++)
        {
            writer.WritePropertyName(columns[i].Name);
            WriteCell(writer, row[i]);
        }

        writer.WriteEndObject();
    }

    /// <summary>A cell as a JSON value.</summary>
    internal static void WriteCell(Utf8JsonWriter writer, object? cell)
    {
        switch (cell)
        {
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case DateTime time:
                writer.WriteStringValue(TextCell.Of(time));
                break;
            default:
                // JSON has no infinity.
                writer.WriteNullValue();
                break;
        }
    }
}
