namespace PSRunner.Export;

/// <summary>A row of results by the names of its cells. Reports are made of tables of results only.</summary>
internal readonly struct ReportRow(ExportTable table, object?[] cells)
{
    public string Outcome => Text("outcome");

    public string Cause => Text("cause");

    public string Kind => Text("kind");

    public string Name => Text("name");

    public string Message => Text("message");

    public string Output => Text("output");

    public string Batch => Text("batch");

    public string Id => Text("id");

    public DateTime StartedAt => this["started_at"] is DateTime time ? time : DateTime.UnixEpoch;

    /// <summary>Seconds; 0 when not measured, because reports have no word for that.</summary>
    public double Seconds => this["duration_seconds"] is double seconds ? seconds : 0;

    public DateTime EndedAt => StartedAt.AddSeconds(Seconds);

    /// <summary>The cell of a column; null when there is none.</summary>
    public object? this[string column] => table.IndexOf(column) is >= 0 and var at ? cells[at] : null;

    /// <summary>The cells of a kind of columns that are not null.</summary>
    public IEnumerable<(string Name, object Value)> Values(ColumnRole role)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (table.Columns[i].Role == role && cells[i] is { } cell)
            {
                yield return (table.Columns[i].Name, cell);
            }
        }
    }

    private string Text(string column) => this[column] as string ?? "";
}
