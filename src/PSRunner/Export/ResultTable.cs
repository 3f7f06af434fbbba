namespace PSRunner.Export;

/// <summary>Results as a table with the columns of the batch's own Parquet files; results of several batches share one table.</summary>
internal static class ResultTable
{
    private static readonly int AfterName = ResultSchema.Fixed.ToList().FindIndex(c => c.Column == "name") + 1;

    /// <summary>The columns of all the batches that the results come from, in the order in which they first appear.</summary>
    public static ResultSchema SchemaOf(IEnumerable<TestResult> results)
    {
        var schemas = results.Select(r => r.Schema).Distinct().ToList();
        return schemas.Count == 1
            ? schemas[0]
            : new ResultSchema(Union(schemas.SelectMany(s => s.Parameters)), Union(schemas.SelectMany(s => s.Metrics)));
    }

    /// <summary>The result with its values in the order of another schema; itself when it has that schema already.</summary>
    public static TestResult Under(this TestResult result, ResultSchema schema) =>
        ReferenceEquals(result.Schema, schema) ? result : new TestResult
        {
            Outcome = result.Outcome,
            Cause = result.Cause,
            FaultDomain = result.FaultDomain,
            Scored = result.Scored,
            Score = result.Score,
            Kind = result.Kind,
            Name = result.Name,
            DurationSeconds = result.DurationSeconds,
            Attempt = result.Attempt,
            Session = result.Session,
            StartedAt = result.StartedAt,
            Message = result.Message,
            Output = result.Output,
            ArtifactPath = result.ArtifactPath,
            Batch = result.Batch,
            RunFolder = result.RunFolder,
            Index = result.Index,
            Id = result.Id,
            OtherMetrics = result.OtherMetrics,
            Schema = schema,
            ParameterValues = [.. schema.Parameters.Select(c => result.Schema.FindParameter(c.Property) is >= 0 and var at ? result.ParameterValues[at] : null)],
            MetricValues = [.. schema.Metrics.Select(c => result.Schema.FindMetric(c.Property) is >= 0 and var at ? result.MetricValues[at] : double.NaN)],
        };

    /// <summary>The table for text formats.</summary>
    public static ExportTable Create(IReadOnlyList<TestResult> results)
    {
        var schema = SchemaOf(results);
        string[] columns =
        [
            .. ResultSchema.Fixed.Take(AfterName).Concat(schema.Parameters).Concat(schema.Metrics).Concat(ResultSchema.Fixed.Skip(AfterName)).Select(c => c.Column),
        ];
        return new ExportTable(columns, results.Select(r => Row(r.Under(schema))));
    }

    private static object?[] Row(TestResult r) =>
    [
        r.Outcome, r.Cause, r.FaultDomain, r.Scored, ExportTable.Measured(r.Score), r.Kind, r.Name,
        .. r.ParameterValues,
        .. r.MetricValues.Select(ExportTable.Measured),
        ExportTable.Measured(r.DurationSeconds), (long)r.Attempt, (long)r.Session, r.StartedAt, r.Message, r.Output, r.ArtifactPath,
        r.Batch, (long)r.Index, r.Id, r.OtherMetrics.Length == 0 ? null : r.OtherMetrics,
    ];

    // Two batches may differ in a column's type (numbers here, words there): then it is text.
    private static ResultColumn[] Union(IEnumerable<ResultColumn> columns) =>
        [.. columns.GroupBy(c => c.Column, StringComparer.Ordinal)
            .Select(g => g.Any(c => c.Type != g.First().Type) ? g.First() with { Type = ColumnType.Text } : g.First())];
}
