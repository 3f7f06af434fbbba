namespace PSRunner.Export;

/// <summary>What is saved: columns, and rows whose cells are null, string, bool, long, double or DateTime (UTC). What was not measured is null.</summary>
/// <param name="Columns">Column names, unique.</param>
/// <param name="Rows">Cells in the order of the columns.</param>
internal sealed record ExportTable(IReadOnlyList<string> Columns, IEnumerable<object?[]> Rows)
{
    /// <summary>NaN as the null that files have for it.</summary>
    public static object? Measured(double value) => double.IsNaN(value) ? null : value;
}
