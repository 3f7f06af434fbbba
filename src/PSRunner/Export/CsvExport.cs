using System.Buffers;
using System.Globalization;
using System.Text;

namespace PSRunner.Export;

/// <summary>
/// CSV by RFC 4180 with a header: a field is quoted only where it must be, so null and the empty text differ (<c>,,</c> and
/// <c>,"",</c>). Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay as they are.
/// </summary>
internal static class CsvExport
{
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(",\"\r\n");
    private static readonly SearchValues<char> BeginFormulas = SearchValues.Create("=+-@\t\r\n");

    /// <summary>Writes the header and all rows.</summary>
    public static void Write(Stream stream, ExportTable table) => Write(stream, table, [.. Enumerable.Range(0, table.Columns.Count)], withHeader: true);

    /// <summary>Writes the rows after what is there, in the columns of its header.</summary>
    /// <param name="stream">The new file, at its end.</param>
    /// <param name="table">The rows.</param>
    /// <param name="old">What the file begins with.</param>
    /// <param name="path">As the user calls the file.</param>
    /// <exception cref="TestBatchException">The file lacks a column.</exception>
    public static void Append(Stream stream, ExportTable table, Stream old, string path)
    {
        old.Position = 0;
        Write(stream, table, PlacesUnder(ReadHeader(old), table, path), withHeader: old.Length == 0);
    }

    /// <summary>Which cell of a row belongs to each name of a header, -1 for none; without a header, each to itself.</summary>
    /// <exception cref="TestBatchException">The header lacks a column.</exception>
    public static int[] PlacesUnder(IReadOnlyList<string> header, ExportTable table, string path)
    {
        if (header.Count == 0)
        {
            return [.. Enumerable.Range(0, table.Columns.Count)];
        }

        var columns = table.Columns.Select(c => Harmless(c.Name)).ToList();
        var missing = columns.Except(header, StringComparer.OrdinalIgnoreCase).ToList();
        return missing.Count == 0
            ? [.. header.Select(name => columns.FindIndex(c => c.Equals(name, StringComparison.OrdinalIgnoreCase)))]
            : throw Commands.Errors.ColumnsMissing(path, missing);
    }

    /// <summary>The names in the first record of a file; none when it is empty.</summary>
    public static IReadOnlyList<string> ReadHeader(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        var names = new List<string>();
        var name = new StringBuilder();
        var isQuoted = false;
        var isEmpty = true;
        for (var c = reader.Read(); c >= 0 && (isQuoted || c is not '\n'); c = reader.Read())
        {
            isEmpty = false;
            if (c == '"' && isQuoted && reader.Peek() == '"')
            {
                name.Append((char)reader.Read());
            }
            else if (c == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (c == ',' && !isQuoted)
            {
                names.Add(name.ToString());
                name.Clear();
            }
            else if (c != '\r' || isQuoted)
            {
                name.Append((char)c);
            }
        }

        return isEmpty ? [] : [.. names, name.ToString()];
    }

    private static void Write(Stream stream, ExportTable table, int[] places, bool withHeader)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        if (withHeader)
        {
            writer.WriteLine(string.Join(',', table.Columns.Select(c => Quote(Harmless(c.Name)))));
        }

        foreach (var row in table.Rows())
        {
            for (var i = 0; i < places.Length; i++)
            {
                if (i > 0)
                {
                    writer.Write(',');
                }

                if (places[i] >= 0 && row[places[i]] is { } cell)
                {
                    writer.Write(cell is string text ? Quote(Harmless(text)) : TextCell.Of(cell));
                }
            }

            writer.WriteLine();
        }
    }

    private static string Harmless(string text) =>
        text.Length > 0 && BeginFormulas.Contains(text[0]) && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? "'" + text
            : text;

    private static string Quote(string text) =>
        text.Length == 0 || text.AsSpan().ContainsAny(NeedQuotes) || text[0] == ' ' || text[^1] == ' '
            ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""
            : text;
}
