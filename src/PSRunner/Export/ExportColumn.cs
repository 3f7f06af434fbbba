namespace PSRunner.Export;

/// <summary>What a column is to the rows it came with, in the order in which files show them.</summary>
internal enum ColumnRole
{
    /// <summary>What every result has, up to its name.</summary>
    Leading,

    /// <summary>A parameter of the case.</summary>
    Parameter,

    /// <summary>A measured number.</summary>
    Metric,

    /// <summary>The rest of what every result has.</summary>
    Trailing,

    /// <summary>A property of an object that is no result.</summary>
    Property,
}

/// <summary>A column of what is saved. Names are unique, whatever their case.</summary>
/// <param name="Name">The name in files.</param>
/// <param name="Role">What it is.</param>
/// <param name="Type">The type of all its cells that are not null.</param>
internal sealed record ExportColumn(string Name, ColumnRole Role, ColumnType Type);

/// <summary>A column while rows still come: remembers the types of its cells.</summary>
/// <param name="name">The name in files.</param>
/// <param name="role">What it is.</param>
/// <param name="declared">Its type should all cells be null.</param>
internal sealed class GrowingColumn(string name, ColumnRole role, ColumnType declared)
{
    private const long LargestExactInteger = 1L << 53;
    private const int Numbers = (1 << (int)ColumnType.Number) | (1 << (int)ColumnType.Integer);

    private int _seen;
    private bool _hasLargeIntegers;

    /// <summary>Takes note of a cell.</summary>
    public void See(ColumnType type, object cell)
    {
        _seen |= 1 << (int)type;
        _hasLargeIntegers |= cell is > LargestExactInteger or < -LargestExactInteger;
    }

    /// <summary>
    /// The rule of widening. All cells of one type: that type. Whole and fractional numbers: NUMBER, unless a whole one is
    /// too large to be exact there. Anything else: TEXT, each cell as the text formats write it. No cells: as declared.
    /// </summary>
    public ExportColumn Close() => new(name, role, _seen switch
    {
        0 => declared,
        Numbers when !_hasLargeIntegers => ColumnType.Number,
        _ when int.IsPow2(_seen) => (ColumnType)int.Log2(_seen),
        _ => ColumnType.Text,
    });
}
