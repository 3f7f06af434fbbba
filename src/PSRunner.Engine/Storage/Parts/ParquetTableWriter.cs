using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace PSRunner.Engine.Storage;

/// <summary>Writes rows of any columns as one Parquet file, all columns nullable, with no more than a row group in memory.</summary>
public static class ParquetTableWriter
{
    /// <summary>A group of long texts ends early: memory must not depend on how much tests write.</summary>
    internal const long MaximumTextInGroup = 8 << 20;

    /// <summary>Writes a whole file.</summary>
    /// <param name="stream">Where it goes, from the stream's start on; stays open.</param>
    /// <param name="columns">Names and types in the file's order.</param>
    /// <param name="places">Which cell of a row belongs to each column.</param>
    /// <param name="rows">Rows whose cells are null or of their column's type: string, double, long, bool, DateTime (UTC).</param>
    public static async Task WriteAsync(
        Stream stream, IReadOnlyList<(string Name, ColumnType Type)> columns, IReadOnlyList<int> places, IEnumerable<object?[]> rows)
    {
        DataField[] fields = [.. columns.Select(ToField)];
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Fastest };
        var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream, options).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var group in Groups(rows))
            {
                using var open = writer.CreateRowGroup();
                for (var i = 0; i < fields.Length; i++)
                {
                    await WriteColumnAsync(open, fields[i], columns[i].Type, group, places[i]).ConfigureAwait(false);
                }
            }
        }
    }

    private static IEnumerable<List<object?[]>> Groups(IEnumerable<object?[]> rows)
    {
        var group = new List<object?[]>();
        var text = 0L;
        foreach (var row in rows)
        {
            group.Add(row);
            foreach (var cell in row)
            {
                text += cell is string { Length: var length } ? length : 0;
            }

            if (group.Count == ParquetResultWriter.RowGroupSize || text >= MaximumTextInGroup)
            {
                yield return group;
                group.Clear();
                text = 0;
            }
        }

        if (group.Count > 0)
        {
            yield return group;
        }
    }

    private static Task WriteColumnAsync(ParquetRowGroupWriter group, DataField field, ColumnType type, List<object?[]> rows, int place) => type switch
    {
        ColumnType.Text => group.WriteAsync(field, rows.ConvertAll(row => (string?)row[place]).ToArray()!),
        ColumnType.Number => WriteAsync<double>(group, field, rows, place),
        ColumnType.Integer => WriteAsync<long>(group, field, rows, place),
        ColumnType.Boolean => WriteAsync<bool>(group, field, rows, place),
        _ => WriteAsync<DateTime>(group, field, rows, place),
    };

    private static Task WriteAsync<T>(ParquetRowGroupWriter group, DataField field, List<object?[]> rows, int place)
        where T : struct
    {
        var values = new T?[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (T?)rows[i][place];
        }

        return group.WriteAsync<T>(field, values);
    }

    private static DataField ToField((string Name, ColumnType Type) column) => column.Type switch
    {
        ColumnType.Text => new DataField<string>(column.Name),
        ColumnType.Number => new DataField<double?>(column.Name),
        ColumnType.Integer => new DataField<long?>(column.Name),
        ColumnType.Boolean => new DataField<bool?>(column.Name),
        ColumnType.Time => new DateTimeDataField(
            column.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: true),
        _ => throw new ArgumentOutOfRangeException(nameof(column), column.Type, "A column has one of the five types."),
    };
}
