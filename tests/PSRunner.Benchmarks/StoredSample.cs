using Parquet;
using Parquet.Schema;
using PSRunner.Engine;

namespace PSRunner.Benchmarks;

/// <summary>The first results of a batch as columns in memory, ready to be written by the library alone.</summary>
internal sealed class StoredSample
{
    private readonly List<(DataField Field, Func<ParquetRowGroupWriter, DataField, Task> Write)> _columns = [];

    public StoredSample(string runFolder, int rows)
    {
        using var batch = StoredBatch.Open(runFolder);
        var results = batch.ReadResults().Take(rows).ToArray();
        Text("outcome", r => r.Outcome);
        Text("cause", r => r.Cause);
        Text("fault_domain", r => r.FaultDomain);
        Value<bool>("scored", r => r.Scored);
        Value<double>("score", r => r.Score);
        Text("kind", r => r.Kind);
        Text("name", r => r.Name);
        Text("model", r => (string?)r.ParameterValues[0]);
        Value<double>("number", r => (double?)r.ParameterValues[1]);
        Value<double>("duration_seconds", r => r.DurationSeconds);
        Value<long>("attempt", r => r.Attempt);
        Value<long>("session", r => r.Session);
        Value<DateTime>("started_at", r => r.StartedAt);
        Text("message", r => r.Message);
        Text("output", r => r.Output);
        Text("artifact_path", r => r.ArtifactPath);
        Text("batch", r => r.Batch);
        Value<long>("index", r => r.Index);
        Text("id", r => r.Id);
        Text("other_metrics", _ => null);

        void Text(string name, Func<TestResult, string?> cell)
        {
            string?[] cells = [.. results.Select(cell)];
            _columns.Add((new DataField<string>(name), (group, field) => group.WriteAsync(field, cells!)));
        }

        void Value<T>(string name, Func<TestResult, T?> cell)
            where T : struct
        {
            T?[] cells = [.. results.Select(cell)];
            DataField field = typeof(T) == typeof(DateTime)
                ? new DateTimeDataField(name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: true)
                : new DataField<T?>(name);
            _columns.Add((field, (group, f) => group.WriteAsync<T>(f, cells)));
        }
    }

    public DataField[] Fields => [.. _columns.Select(c => c.Field)];

    public async Task WriteAsync(ParquetRowGroupWriter group)
    {
        foreach (var (field, write) in _columns)
        {
            await write(group, field);
        }
    }
}
