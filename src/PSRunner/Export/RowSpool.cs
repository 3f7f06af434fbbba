using System.Text;

namespace PSRunner.Export;

/// <summary>
/// Rows on their way to a file. They wait in a nameless file, not in memory, because the columns and their types are known
/// when the last row has come and not before: the columns of the table are the union of those of all rows.
/// </summary>
/// <remarks>A row: for each cell that is not null the column's number plus one, a type and the value; then 0.</remarks>
internal sealed class RowSpool : IDisposable
{
    private const int MaximumColumns = 10_000;

    private readonly FileStream _file;
    private readonly BinaryWriter _writer;
    private readonly Dictionary<string, int> _index = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<GrowingColumn> _columns = [];

    /// <param name="folder">Where the rows are to wait.</param>
    /// <exception cref="IOException">The folder is missing or cannot be written.</exception>
    public RowSpool(string folder)
    {
        _file = NamelessFile.Create(folder);
        _writer = new BinaryWriter(_file, Encoding.UTF8, leaveOpen: true);
    }

    /// <summary>Rows so far.</summary>
    public long Count { get; private set; }

    /// <summary>The number of the column of that name, which is made when there is none.</summary>
    /// <param name="name">The name in files; its case does not count.</param>
    /// <param name="role">What a new one is.</param>
    /// <param name="declared">The type of a new one, should it stay empty.</param>
    /// <exception cref="TestBatchException">There are too many columns.</exception>
    public int Column(string name, ColumnRole role, ColumnType declared)
    {
        if (!_index.TryGetValue(name, out var column))
        {
            column = _columns.Count < MaximumColumns ? _columns.Count : throw Commands.Errors.ColumnsExceeded(name, MaximumColumns);
            _columns.Add(new GrowingColumn(name, role, declared));
            _index.Add(name, column);
        }

        return column;
    }

    /// <summary>Adds a cell to the row that is being written: null, string, bool, long, double or DateTime (UTC). NaN is null.</summary>
    public void Add(int column, object? cell)
    {
        if (cell is null or double.NaN)
        {
            return;
        }

        var type = TypeOf(cell);
        _columns[column].See(type, cell);
        _writer.Write7BitEncodedInt(column + 1);
        _writer.Write((byte)type);
        switch (cell)
        {
            case string text:
                _writer.Write(text);
                break;
            case bool flag:
                _writer.Write(flag);
                break;
            case long number:
                _writer.Write(number);
                break;
            case double number:
                _writer.Write(number);
                break;
            case DateTime time:
                _writer.Write(time.Ticks);
                break;
        }
    }

    /// <summary>Ends the row.</summary>
    public void EndRow()
    {
        _writer.Write7BitEncodedInt(0);
        Count++;
    }

    /// <summary>What has come, as a table to be read as often as one likes; it lives as long as this, and holds no row that comes after.</summary>
    public ExportTable ToTable()
    {
        _writer.Flush();
        var columns = _columns.Select((c, at) => (Column: c.Close(), At: at)).OrderBy(c => c.Column.Role).ToList();
        var places = new int[columns.Count];
        for (var place = 0; place < places.Length; place++)
        {
            places[columns[place].At] = place;
        }

        return new ExportTable([.. columns.Select(c => c.Column)], places, _file);
    }

    public void Dispose() => NamelessFile.Drop(_file);

    private static ColumnType TypeOf(object cell) => cell switch
    {
        string => ColumnType.Text,
        bool => ColumnType.Boolean,
        long => ColumnType.Integer,
        double => ColumnType.Number,
        DateTime => ColumnType.Time,
        _ => throw new ArgumentException($"A cell holds a {cell.GetType()}.", nameof(cell)),
    };
}
