using System.Globalization;
using System.Text;

namespace PSRunner.Export;

/// <summary>
/// Markdown to paste into a discussion: of results the counts of each batch and a table of what matters of each, of any
/// other objects a table of all their properties. What texts hold is shown, never obeyed: no links, no HTML.
/// </summary>
internal static class MarkdownExport
{
    private static readonly string[] ResultColumns = ["outcome", "name", "score", "duration_seconds", "cause", "message"];

    /// <summary>Writes the report of a table of results.</summary>
    public static void WriteResults(Stream stream, ExportTable table)
    {
        using var writer = Open(stream);
        Line(writer, [("batch", false), ("kind", false), ("results", true), .. Outcomes.All.Select(o => (o, true)), ("seconds", true)]);
        foreach (var suite in ReportSuite.Of(table))
        {
            Line(writer, [suite.Batch, suite.Kind, (long)suite.Rows.Count, .. Outcomes.All.Select(o => (object)(long)suite.Count(o)), Math.Round(suite.Seconds, 3)]);
        }

        writer.WriteLine();
        Rows(writer, table, [.. ResultColumns.Select(table.IndexOf)]);
    }

    /// <summary>Writes a table of everything.</summary>
    public static void Write(Stream stream, ExportTable table)
    {
        using var writer = Open(stream);
        Rows(writer, table, [.. Enumerable.Range(0, table.Columns.Count)]);
    }

    private static StreamWriter Open(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16, leaveOpen: true) { NewLine = "\n" };

    private static void Rows(StreamWriter writer, ExportTable table, int[] places)
    {
        Line(writer, [.. places.Select(p => (table.Columns[p].Name, table.Columns[p].Type is ColumnType.Number or ColumnType.Integer))]);
        foreach (var row in table.Rows())
        {
            Line(writer, [.. places.Select(p => row[p])]);
        }
    }

    private static void Line(StreamWriter writer, (string Name, bool IsNumber)[] header)
    {
        Line(writer, [.. header.Select(h => h.Name)]);
        writer.WriteLine($"|{string.Join('|', header.Select(h => h.IsNumber ? "---:" : "---"))}|");
    }

    private static void Line(StreamWriter writer, object?[] cells)
    {
        writer.Write('|');
        foreach (var cell in cells)
        {
            writer.Write(' ');
            writer.Write(cell is string text ? Escape(text) : cell is null ? "" : TextCell.Of(cell));
            writer.Write(" |");
        }

        writer.WriteLine();
    }

    private static string Escape(string text)
    {
        var shown = new StringBuilder(text.Length + 8);
        foreach (var c in text.ReplaceLineEndings("\n"))
        {
            shown.Append(c switch
            {
                '\n' => "<br>",
                '<' => "&lt;",
                '&' => "&amp;",
                '|' or '\\' or '`' or '*' or '[' => string.Create(CultureInfo.InvariantCulture, $"\\{c}"),
                _ => c.ToString(),
            });
        }

        return shown.ToString();
    }
}
