using Parquet;
using Parquet.Schema;

namespace PSRunner.Engine.Storage;

/// <summary>What an audit looks at in a row.</summary>
/// <param name="Index">The case.</param>
/// <param name="Attempt">The attempt that ended it.</param>
/// <param name="Id">The case's id.</param>
/// <param name="ArtifactPath">The folder of its files; empty: none.</param>
internal readonly record struct PartRow(int Index, int Attempt, string Id, string ArtifactPath);

/// <summary>Reads what <see cref="ParquetResultWriter"/> wrote, a row group at a time.</summary>
internal sealed class ParquetResultReader : IAsyncDisposable
{
    private readonly ParquetReader _reader;

    // The library makes the list of fields anew each time it is asked.
    private readonly Dictionary<string, DataField> _fields;

    private ParquetResultReader(ParquetReader reader)
    {
        _reader = reader;
        _fields = reader.Schema.GetDataFields().ToDictionary(field => field.Name, StringComparer.Ordinal);
    }

    /// <summary>The words of the file's own metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _reader.CustomMetadata;

    /// <summary>Row groups in the file.</summary>
    public int GroupCount => _reader.RowGroupCount;

    /// <summary>Opens a file.</summary>
    /// <param name="stream">A stream that can seek; stays open.</param>
    public static async Task<ParquetResultReader> OpenAsync(Stream stream) =>
        new(await ParquetReader.CreateAsync(stream, leaveStreamOpen: true).ConfigureAwait(false));

    /// <summary>Reads the ids of a row group.</summary>
    public async Task<string?[]> ReadIdsAsync(int group)
    {
        using var rows = _reader.OpenRowGroupReader(group);
        return await TextAsync(rows, "id").ConfigureAwait(false);
    }

    /// <summary>Reads of each row what a scan keeps.</summary>
    public async Task<ResultKeyRecord[]> ReadKeysAsync(int group)
    {
        using var rows = _reader.OpenRowGroupReader(group);
        var index = await RequiredAsync<long>(rows, "index").ConfigureAwait(false);
        var attempt = await RequiredAsync<long>(rows, "attempt").ConfigureAwait(false);
        var outcome = await TextAsync(rows, "outcome").ConfigureAwait(false);
        return [.. index.Select((value, i) => new ResultKeyRecord((int)value, (int)attempt[i], RecordParser.ByteOf(outcome[i] ?? "")))];
    }

    /// <summary>Reads of each row what an audit looks at.</summary>
    public async Task<PartRow[]> ReadRowsAsync(int group)
    {
        var keys = await ReadKeysAsync(group).ConfigureAwait(false);
        var ids = await ReadIdsAsync(group).ConfigureAwait(false);
        using var rows = _reader.OpenRowGroupReader(group);
        var paths = await TextAsync(rows, "artifact_path").ConfigureAwait(false);
        return [.. keys.Select((key, i) => new PartRow(key.Index, key.Attempt, ids[i] ?? "", paths[i] ?? ""))];
    }

    /// <summary>Reads whole results.</summary>
    /// <param name="group">The row group.</param>
    /// <param name="schema">The columns of the batch.</param>
    /// <param name="runFolder">What they show as their run folder.</param>
    public async Task<TestResult[]> ReadAsync(int group, ResultSchema schema, string runFolder)
    {
        using var rows = _reader.OpenRowGroupReader(group);
        Task<string?[]> Text(string name) => TextAsync(rows, name);
        Task<double[]> Number(string name) => NumberAsync(rows, name);

        var outcome = await Text("outcome").ConfigureAwait(false);
        var cause = await Text("cause").ConfigureAwait(false);
        var domain = await Text("fault_domain").ConfigureAwait(false);
        var scored = await RequiredAsync<bool>(rows, "scored").ConfigureAwait(false);
        var score = await Number("score").ConfigureAwait(false);
        var kind = await Text("kind").ConfigureAwait(false);
        var name = await Text("name").ConfigureAwait(false);
        var duration = await Number("duration_seconds").ConfigureAwait(false);
        var attempt = await RequiredAsync<long>(rows, "attempt").ConfigureAwait(false);
        var session = await RequiredAsync<long>(rows, "session").ConfigureAwait(false);
        var started = await RequiredAsync<DateTime>(rows, "started_at").ConfigureAwait(false);
        var message = await Text("message").ConfigureAwait(false);
        var output = await Text("output").ConfigureAwait(false);
        var artifactPath = await Text("artifact_path").ConfigureAwait(false);
        var batch = await Text("batch").ConfigureAwait(false);
        var index = await RequiredAsync<long>(rows, "index").ConfigureAwait(false);
        var id = await Text("id").ConfigureAwait(false);
        var other = await Text("other_metrics").ConfigureAwait(false);
        var parameters = new object?[schema.Parameters.Count][];
        for (var i = 0; i < parameters.Length; i++)
        {
            parameters[i] = await ParameterAsync(rows, schema.Parameters[i]).ConfigureAwait(false);
        }

        var metrics = new double[schema.Metrics.Count][];
        for (var i = 0; i < metrics.Length; i++)
        {
            metrics[i] = await Number(schema.Metrics[i].Column).ConfigureAwait(false);
        }

        var results = new TestResult[index.Length];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = new TestResult
            {
                Outcome = outcome[i] ?? "",
                Cause = cause[i] ?? "",
                FaultDomain = domain[i] ?? "",
                Scored = scored[i],
                Score = score[i],
                Kind = kind[i] ?? "",
                Name = name[i] ?? "",
                DurationSeconds = duration[i],
                Attempt = (int)attempt[i],
                Session = (int)session[i],
                StartedAt = DateTime.SpecifyKind(started[i], DateTimeKind.Utc),
                Message = message[i] ?? "",
                Output = output[i] ?? "",
                ArtifactPath = artifactPath[i] ?? "",
                Batch = batch[i] ?? "",
                RunFolder = runFolder,
                Index = (int)index[i],
                Id = id[i] ?? "",
                OtherMetrics = other[i] ?? "",
                Schema = schema,
                ParameterValues = Row(parameters, i),
                MetricValues = Row(metrics, i),
            };
        }

        return results;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private static T[] Row<T>(T[][] columns, int row)
    {
        var values = new T[columns.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = columns[i][row];
        }

        return values;
    }

    private async Task<object?[]> ParameterAsync(ParquetRowGroupReader rows, ResultColumn column) => column.Type switch
    {
        ColumnType.Number => Boxed(await OptionalAsync<double>(rows, column.Column).ConfigureAwait(false)),
        ColumnType.Integer => Boxed(await OptionalAsync<long>(rows, column.Column).ConfigureAwait(false)),
        ColumnType.Boolean => Boxed(await OptionalAsync<bool>(rows, column.Column).ConfigureAwait(false)),
        _ => await TextAsync(rows, column.Column).ConfigureAwait(false),
    };

    private async Task<double[]> NumberAsync(ParquetRowGroupReader rows, string name) =>
        Array.ConvertAll(await OptionalAsync<double>(rows, name).ConfigureAwait(false), value => value ?? double.NaN);

    private static object?[] Boxed<T>(T?[] values)
        where T : struct => Array.ConvertAll(values, value => (object?)value);

    private async Task<string?[]> TextAsync(ParquetRowGroupReader rows, string name)
    {
        var values = new string?[rows.RowCount];
        await rows.ReadAsync(Field(name), values.AsMemory()).ConfigureAwait(false);
        return values;
    }

    private async Task<T?[]> OptionalAsync<T>(ParquetRowGroupReader rows, string name)
        where T : struct
    {
        var values = new T?[rows.RowCount];
        await rows.ReadAsync<T>(Field(name), values.AsMemory()).ConfigureAwait(false);
        return values;
    }

    private async Task<T[]> RequiredAsync<T>(ParquetRowGroupReader rows, string name)
        where T : struct
    {
        var values = new T[rows.RowCount];
        await rows.ReadAsync<T>(Field(name), values.AsMemory()).ConfigureAwait(false);
        return values;
    }

    private DataField Field(string name) =>
        _fields.GetValueOrDefault(name) ?? throw new InvalidDataException($"There is no column '{name}'.");
}
