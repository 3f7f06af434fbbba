using System.Management.Automation;
using PSRunner.Commands;

namespace PSRunner.Export;

/// <summary>The formats by the endings of their files.</summary>
internal static class ExportWriter
{
    /// <summary>The endings.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["parquet", "csv", "json", "jsonl"];

    /// <summary>Writes objects in one of <see cref="Formats"/>.</summary>
    public static void Write(Stream stream, string format, IReadOnlyList<PSObject> objects, string path)
    {
        var results = objects.Select(o => o.BaseObject).OfType<TestResult>().ToList();
        var areResults = results.Count == objects.Count;
        switch (format)
        {
            case "parquet" when !areResults:
                throw Errors.NotResults(path);
            case "parquet":
                ParquetExport.Write(stream, results);
                break;
            case "csv":
                CsvExport.Write(stream, Table());
                break;
            case "json":
                JsonExport.WriteArray(stream, Table());
                break;
            case "jsonl":
                JsonExport.WriteLines(stream, Table());
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "No such format.");
        }

        ExportTable Table() => areResults ? ResultTable.Create(results) : ObjectTable.Create(objects);
    }
}
