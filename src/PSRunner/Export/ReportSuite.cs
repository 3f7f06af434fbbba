namespace PSRunner.Export;

/// <summary>The results of one kind in one batch, counted before a report that begins with its counts is written.</summary>
internal sealed class ReportSuite(string batch, string kind)
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly List<long> _rows = [];

    public string Batch => batch;

    public string Kind => kind;

    /// <summary>What reports call it.</summary>
    public string Name => batch.Length == 0 ? kind : $"{batch} {kind}";

    /// <summary>Where its rows are in the table: eight bytes a result, all that a report keeps in memory.</summary>
    public IReadOnlyList<long> Rows => _rows;

    /// <summary>The sum of its results' seconds.</summary>
    public double Seconds { get; private set; }

    public DateTime StartedAt { get; private set; } = DateTime.MaxValue;

    public DateTime EndedAt { get; private set; } = DateTime.MinValue;

    /// <summary>Results without a verdict.</summary>
    public int WithoutVerdict => Count(Outcomes.Errored) + Count(Outcomes.TimedOut) + Count(Outcomes.Crashed);

    /// <summary>The suites of a table of results, in the order in which they first appear.</summary>
    public static IReadOnlyList<ReportSuite> Of(ExportTable table)
    {
        var suites = new Dictionary<(string, string), ReportSuite>();
        foreach (var (place, cells) in table.Places())
        {
            var row = new ReportRow(table, cells);
            if (!suites.TryGetValue((row.Batch, row.Kind), out var suite))
            {
                suites.Add((row.Batch, row.Kind), suite = new ReportSuite(row.Batch, row.Kind));
            }

            suite.Add(place, row);
        }

        return [.. suites.Values];
    }

    /// <summary>Results with an outcome.</summary>
    public int Count(string outcome) => _counts.GetValueOrDefault(outcome);

    private void Add(long place, ReportRow row)
    {
        _rows.Add(place);
        _counts[row.Outcome] = Count(row.Outcome) + 1;
        Seconds += row.Seconds;
        StartedAt = row.StartedAt < StartedAt ? row.StartedAt : StartedAt;
        EndedAt = row.EndedAt > EndedAt ? row.EndedAt : EndedAt;
    }
}
