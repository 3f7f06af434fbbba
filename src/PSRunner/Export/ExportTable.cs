using System.Text;

namespace PSRunner.Export;

/// <summary>What is saved: columns, and rows whose cells are null or of their column's type.</summary>
/// <param name="columns">The columns in the order of files.</param>
/// <param name="places">The place of each column of the spool.</param>
/// <param name="file">The spool's file.</param>
internal sealed class ExportTable(IReadOnlyList<ExportColumn> columns, int[] places, Stream file)
{
    private readonly Dictionary<string, int> _index =
        columns.Select((c, i) => KeyValuePair.Create(c.Name, i)).ToDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The columns in the order of files.</summary>
    public IReadOnlyList<ExportColumn> Columns => columns;

    /// <summary>The place of a column; -1 when there is none.</summary>
    public int IndexOf(string column) => _index.GetValueOrDefault(column, -1);

    /// <summary>All rows; only one reading at a time.</summary>
    public IEnumerable<object?[]> Rows() => Places().Select(row => row.Cells);

    /// <summary>All rows, each with the place by which <see cref="RowsAt"/> finds it again.</summary>
    public IEnumerable<(long Place, object?[] Cells)> Places()
    {
        using var reader = new BinaryReader(file, Encoding.UTF8, leaveOpen: true);
        file.Position = 0;
        var length = file.Length;
        while (file.Position < length)
        {
            yield return (file.Position, Read(reader));
        }
    }

    /// <summary>Some rows.</summary>
    public IEnumerable<object?[]> RowsAt(IEnumerable<long> rows)
    {
        using var reader = new BinaryReader(file, Encoding.UTF8, leaveOpen: true);
        foreach (var row in rows)
        {
            file.Position = row;
            yield return Read(reader);
        }
    }

    private object?[] Read(BinaryReader reader)
    {
        var cells = new object?[columns.Count];
        while (reader.Read7BitEncodedInt() is > 0 and var column)
        {
            var place = places[column - 1];
            object cell = (ColumnType)reader.ReadByte() switch
            {
                ColumnType.Text => reader.ReadString(),
                ColumnType.Boolean => reader.ReadBoolean(),
                ColumnType.Integer => reader.ReadInt64(),
                ColumnType.Number => reader.ReadDouble(),
                ColumnType.Time => new DateTime(reader.ReadInt64(), DateTimeKind.Utc),
                var type => throw new InvalidDataException($"A row holds a {type}."),
            };
            cells[place] = (columns[place].Type, cell) switch
            {
                (ColumnType.Number, long number) => (double)number,
                (ColumnType.Text, _) => TextCell.Of(cell),
                _ => cell,
            };
        }

        return cells;
    }
}
