using System.Management.Automation;

namespace PSRunner.Export;

/// <summary>Makes rows of objects: of results with the columns of the batch's own Parquet files, of others with their properties.</summary>
/// <param name="spool">Where the rows go.</param>
/// <param name="hasStepRows">True when a result with steps is a row for each of them.</param>
internal sealed class RowMaker(RowSpool spool, bool hasStepRows)
{
    private static readonly int AfterName = ResultSchema.Fixed.ToList().FindIndex(c => c.Column == "name") + 1;

    private ResultSchema? _schema;
    private int[] _columns = [];

    /// <summary>Whether all that came were results.</summary>
    public bool OnlyResults { get; private set; } = true;

    /// <summary>Adds a row.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Add(PSObject item)
    {
        if (item.BaseObject is not TestResult result)
        {
            OnlyResults = false;
            AddObject(item);
            spool.EndRow();
            return;
        }

        foreach (var row in hasStepRows ? StepRows.Of(result) : [result])
        {
            AddResult(row);
            spool.EndRow();
        }
    }

    private void AddResult(TestResult result)
    {
        if (!ReferenceEquals(result.Schema, _schema))
        {
            _schema = result.Schema;
            _columns =
            [
                .. Places(ResultSchema.Fixed.Take(AfterName), ColumnRole.Leading),
                .. Places(_schema.Parameters, ColumnRole.Parameter),
                .. Places(_schema.Metrics, ColumnRole.Metric),
                .. Places(ResultSchema.Fixed.Skip(AfterName), ColumnRole.Trailing),
            ];
        }

        var at = 0;
        foreach (var cell in Cells(result))
        {
            spool.Add(_columns[at++], cell);
        }
    }

    private IEnumerable<int> Places(IEnumerable<ResultColumn> columns, ColumnRole role) =>
        columns.Select(c => spool.Column(c.Column, role, c.Type));

    private static object?[] Cells(TestResult r) =>
    [
        r.Outcome, r.Cause, r.FaultDomain, r.Scored, r.Score, r.Kind, r.Name,
        .. r.ParameterValues,
        .. r.MetricValues,
        r.DurationSeconds, (long)r.Attempt, (long)r.Session, r.StartedAt, r.Message, r.Output, r.ArtifactPath,
        r.Batch, (long)r.Index, r.Id, r.OtherMetrics.Length == 0 ? null : r.OtherMetrics,
    ];

    private void AddObject(PSObject item)
    {
        var isBare = true;
        if (item.BaseObject is not string && !item.BaseObject.GetType().IsPrimitive)
        {
            foreach (var property in item.Properties.Where(p => p.IsGettable))
            {
                isBare = false;
                spool.Add(spool.Column(property.Name, ColumnRole.Property, ColumnType.Text), Cell(ValueOf(property)));
            }
        }

        if (isBare)
        {
            spool.Add(spool.Column("value", ColumnRole.Property, ColumnType.Text), Cell(item.BaseObject));
        }
    }

    private static object? ValueOf(PSPropertyInfo property)
    {
        try
        {
            return property.Value;
        }
        catch (GetValueException)
        {
            // A property that throws when it is read has no value to save.
            return null;
        }
    }

    private static object? Cell(object? value) => value switch
    {
        PSObject wrapped => Cell(wrapped.BaseObject),
        null or string or bool or long or double => value,
        sbyte or byte or short or ushort or int or uint or ulong or float or decimal => ColumnValue.Exact(value),
        // Seconds, as in all our files: a number that any reader can add up.
        TimeSpan span => span.TotalSeconds,
        DateTime time => time.ToUniversalTime(),
        DateTimeOffset time => time.UtcDateTime,
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };
}
