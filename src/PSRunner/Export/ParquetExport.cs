using PSRunner.Engine.Storage;

namespace PSRunner.Export;

/// <summary>Parquet, in the same columns as the parts of a run folder.</summary>
internal static class ParquetExport
{
    /// <summary>Writes a file.</summary>
    /// <param name="stream">Where it goes.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">The rows; their cells beyond the columns are left out.</param>
    /// <param name="places">Which cell of a row belongs to each column.</param>
    public static void Write(Stream stream, IReadOnlyList<ExportColumn> columns, IReadOnlyList<int> places, IEnumerable<object?[]> rows) =>
        ParquetTableWriter.WriteAsync(stream, [.. places.Select(p => (columns[p].Name, columns[p].Type))], places, rows).GetAwaiter().GetResult();
}
