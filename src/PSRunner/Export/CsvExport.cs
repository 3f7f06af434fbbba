using System.Buffers;
using System.Globalization;
using System.Text;

namespace PSRunner.Export;

/// <summary>CSV by RFC 4180 with a header: a field is quoted only where it must be, so null and the empty text differ (<c>,,</c> and <c>,"",</c>).</summary>
internal static class CsvExport
{
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(",\"\r\n");

    public static void Write(Stream stream, ExportTable table)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine(string.Join(',', table.Columns.Select(Quote)));
        foreach (var row in table.Rows)
        {
            writer.WriteLine(string.Join(',', row.Select(Field)));
        }
    }

    private static string Field(object? cell) => cell switch
    {
        null => "",
        string text => Quote(text),
        bool flag => flag ? "true" : "false",
        DateTime time => TextCell.Of(time),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"A cell holds a {cell.GetType()}.", nameof(cell)),
    };

    private static string Quote(string text) =>
        text.Length == 0 || text.AsSpan().ContainsAny(NeedQuotes) || text[0] == ' ' || text[^1] == ' '
            ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""
            : text;
}
