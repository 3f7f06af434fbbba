using System.Buffers;
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
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Options);
        foreach (var row in table.Rows())
        {
            WriteRow(writer, table.Columns, row);
            HandOver(writer, buffer, stream);
            stream.WriteByte((byte)'\n');
            writer.Reset();
        }
    }

    public static void WriteArray(Stream stream, ExportTable table)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Options with { Indented = true });
        writer.WriteStartArray();
        foreach (var row in table.Rows())
        {
            WriteRow(writer, table.Columns, row);
            HandOver(writer, buffer, stream);
        }

        writer.WriteEndArray();
        HandOver(writer, buffer, stream);
        stream.WriteByte((byte)'\n');
    }

    /// <summary>Passes on what was written so far. A writer on the stream itself would flush it, and so the disk, with every row.</summary>
    internal static void HandOver(Utf8JsonWriter writer, ArrayBufferWriter<byte> buffer, Stream stream)
    {
        writer.Flush();
        stream.Write(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
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
