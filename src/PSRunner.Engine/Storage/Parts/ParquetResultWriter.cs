using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace PSRunner.Engine.Storage;

/// <summary>
/// Writes results as Parquet: zstd at its fastest level (the library's default level is 80 times slower), a row group for
/// each call. What was not measured becomes null.
/// </summary>
public sealed class ParquetResultWriter : IAsyncDisposable
{
    /// <summary>Rows that one call should bring: enough for good compression, few enough for little memory.</summary>
    public const int RowGroupSize = 10_000;

    private readonly ResultColumns _columns;
    private readonly ParquetWriter _writer;

    private ParquetResultWriter(ResultColumns columns, ParquetWriter writer)
    {
        _columns = columns;
        _writer = writer;
    }

    /// <summary>Begins a file.</summary>
    /// <param name="stream">Where it goes, from the stream's start on; stays open.</param>
    /// <param name="schema">The columns of the batch.</param>
    /// <param name="metadata">Words for the file's own metadata; null: none.</param>
    public static async Task<ParquetResultWriter> CreateAsync(
        Stream stream, ResultSchema schema, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var columns = new ResultColumns(schema);
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Fastest };
        var writer = await ParquetWriter.CreateAsync(columns.Parquet, stream, options).ConfigureAwait(false);
        if (metadata is not null)
        {
            writer.CustomMetadata = new Dictionary<string, string>(metadata);
        }

        return new ParquetResultWriter(columns, writer);
    }

    /// <summary>Writes one row group.</summary>
    /// <param name="results">Results of the batch whose schema was given, at best <see cref="RowGroupSize"/> of them.</param>
    public Task WriteAsync(IReadOnlyList<TestResult> results) => WriteGroupAsync(results as TestResult[] ?? [.. results]);

    /// <summary>Ends the file.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task WriteGroupAsync(TestResult[] results)
    {
        using var group = _writer.CreateRowGroup();
        var at = 0;
        foreach (var column in ResultSchema.Fixed)
        {
            await WriteFixedAsync(group, _columns.Fields[at++], results).ConfigureAwait(false);
            if (column.Column != "name")
            {
                continue;
            }

            for (var i = 0; i < _columns.Schema.Parameters.Count; i++)
            {
                var (type, place) = (_columns.Schema.Parameters[i].Type, i);
                await WriteParameterAsync(group, _columns.Fields[at++], type, results, r => r.ParameterValues[place]).ConfigureAwait(false);
            }

            for (var i = 0; i < _columns.Schema.Metrics.Count; i++)
            {
                var place = i;
                await WriteAsync(group, _columns.Fields[at++], results, r => Measured(r.MetricValues[place])).ConfigureAwait(false);
            }
        }
    }

    private static Task WriteFixedAsync(ParquetRowGroupWriter group, DataField field, TestResult[] results) => field.Name switch
    {
        "outcome" => WriteAsync(group, field, results, r => r.Outcome),
        "cause" => WriteAsync(group, field, results, r => r.Cause),
        "fault_domain" => WriteAsync(group, field, results, r => r.FaultDomain),
        "scored" => WriteRequiredAsync(group, field, results, r => r.Scored),
        "score" => WriteAsync(group, field, results, r => Measured(r.Score)),
        "kind" => WriteAsync(group, field, results, r => r.Kind),
        "name" => WriteAsync(group, field, results, r => r.Name),
        "duration_seconds" => WriteAsync(group, field, results, r => Measured(r.DurationSeconds)),
        "attempt" => WriteRequiredAsync(group, field, results, r => (long)r.Attempt),
        "session" => WriteRequiredAsync(group, field, results, r => (long)r.Session),
        "started_at" => WriteRequiredAsync(group, field, results, r => r.StartedAt),
        "message" => WriteAsync(group, field, results, r => r.Message),
        "output" => WriteAsync(group, field, results, r => r.Output),
        "artifact_path" => WriteAsync(group, field, results, r => r.ArtifactPath),
        "batch" => WriteAsync(group, field, results, r => r.Batch),
        "index" => WriteRequiredAsync(group, field, results, r => (long)r.Index),
        "id" => WriteAsync(group, field, results, r => r.Id),
        // An empty text is no JSON.
        "other_metrics" => WriteAsync(group, field, results, r => r.OtherMetrics.Length == 0 ? null : r.OtherMetrics),
        _ => throw new ArgumentException($"Column '{field.Name}' has no value.", nameof(field)),
    };

    private static Task WriteParameterAsync(
        ParquetRowGroupWriter group, DataField field, ColumnType type, TestResult[] results, Func<TestResult, object?> value) =>
        type switch
        {
            ColumnType.Number => WriteAsync(group, field, results, r => (double?)ColumnValue.Coerce(value(r), type)),
            ColumnType.Integer => WriteAsync(group, field, results, r => (long?)ColumnValue.Coerce(value(r), type)),
            ColumnType.Boolean => WriteAsync(group, field, results, r => (bool?)ColumnValue.Coerce(value(r), type)),
            _ => WriteAsync(group, field, results, r => (string?)ColumnValue.Coerce(value(r), ColumnType.Text)),
        };

    private static Task WriteAsync(ParquetRowGroupWriter group, DataField field, TestResult[] results, Func<TestResult, string?> value)
    {
        var values = new string?[results.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(results[i]);
        }

        return group.WriteAsync(field, values!);
    }

    private static Task WriteAsync<T>(ParquetRowGroupWriter group, DataField field, TestResult[] results, Func<TestResult, T?> value)
        where T : struct
    {
        var values = new T?[results.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(results[i]);
        }

        return group.WriteAsync<T>(field, values);
    }

    private static Task WriteRequiredAsync<T>(ParquetRowGroupWriter group, DataField field, TestResult[] results, Func<TestResult, T> value)
        where T : struct
    {
        var values = new T[results.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(results[i]);
        }

        return group.WriteAsync<T>(field, values);
    }

    private static double? Measured(double value) => double.IsFinite(value) ? value : null;
}
