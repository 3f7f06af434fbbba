namespace PSRunner.Engine.Storage;

/// <summary>
/// Results on their way to one Parquet file, encoded on a thread of its own while more come. It takes those that have the
/// columns of the first; whoever meets another takes all back and goes a longer way. No more than two row groups are in memory.
/// </summary>
/// <param name="file">Where the encoded rows wait, an empty file to write and read; stays open.</param>
public sealed class ParquetDraft(Stream file) : IDisposable
{
    private readonly List<TestResult> _group = new(ParquetResultWriter.RowGroupSize);
    private ParquetResultWriter? _writer;
    private ResultSchema _schema = ResultSchema.Empty;
    private Task _encoding = Task.CompletedTask;
    private long _text;

    /// <summary>Results so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a result; false when it has other columns than those before it.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public bool TryAdd(TestResult result)
    {
        if (Count == 0)
        {
            _schema = result.Schema;
        }
        else if (!HasColumns(result.Schema))
        {
            return false;
        }

        Count++;
        _group.Add(result);
        _text += result.Output.Length + result.Message.Length + result.OtherMetrics.Length;
        if (_group.Count == ParquetResultWriter.RowGroupSize || _text >= ParquetTableWriter.MaximumTextInGroup)
        {
            HandOver();
        }

        return true;
    }

    /// <summary>All results, and an end to the draft.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public IEnumerable<TestResult> TakeBack()
    {
        End();
        var reader = ParquetResultReader.OpenAsync(file).Now();
        try
        {
            for (var group = 0; group < reader.GroupCount; group++)
            {
                foreach (var result in reader.ReadAsync(group, _schema, "").Now())
                {
                    yield return result;
                }
            }
        }
        finally
        {
            reader.DisposeAsync().AsTask().Now();
        }
    }

    /// <summary>Writes the whole file; the draft takes no more.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void CopyTo(Stream target)
    {
        End();
        file.CopyTo(target);
    }

    /// <summary>Ends the encoding, whatever became of it.</summary>
    public void Dispose() => _encoding.Ended();

    private bool HasColumns(ResultSchema schema) => ReferenceEquals(schema, _schema)
        || (schema.Parameters.SequenceEqual(_schema.Parameters) && schema.Metrics.SequenceEqual(_schema.Metrics));

    private void HandOver()
    {
        _encoding.Now();
        var group = _group.ToArray();
        _group.Clear();
        _text = 0;
        _encoding = Synchronous.OnOwnThread(() => Encode(group));
    }

    private bool Encode(TestResult[] group)
    {
        _writer ??= ParquetResultWriter.CreateAsync(file, _schema).Now();
        _writer.WriteAsync(group).Now();
        return true;
    }

    private void End()
    {
        if (_group.Count > 0)
        {
            HandOver();
        }

        _encoding.Now();
        _writer!.DisposeAsync().AsTask().Now();
        file.Position = 0;
    }
}
