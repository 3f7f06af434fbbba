using System.Text.Encodings.Web;
using System.Text.Json;

namespace PSRunner.Engine.Storage;

/// <summary>Writes records as lines of one journal file into a group's buffer; numbers them.</summary>
internal sealed class LineWriter : IDisposable
{
    /// <summary>Text is kept readable: the journal is no web page.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly GroupBuffer _buffer;
    private readonly Utf8JsonWriter _json;
    private readonly ResultSchema _schema;
    private LineChecksum _checksum;
    private long _group;
    private int _place;

    /// <param name="buffer">Where the lines go.</param>
    /// <param name="schema">The columns of the batch.</param>
    public LineWriter(GroupBuffer buffer, ResultSchema schema)
    {
        _buffer = buffer;
        _schema = schema;
        _json = new Utf8JsonWriter(buffer, Options);
    }

    /// <summary>The last line's number in its file, from 1; 0 before the first.</summary>
    public long Seq { get; private set; }

    /// <summary>Begins another file: line and group numbers begin anew.</summary>
    public void BeginFile(string batchId, int fileNumber)
    {
        _checksum = new LineChecksum(batchId, fileNumber);
        Seq = 0;
        _group = 0;
    }

    /// <summary>Begins a group: all that one flush makes durable.</summary>
    public void BeginGroup()
    {
        _group++;
        _place = 0;
    }

    /// <summary>Writes one line.</summary>
    public void Write(JournalRecord record)
    {
        var start = _buffer.Length;
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteNumber("seq"u8, ++Seq);
        _json.WriteNumber("group"u8, _group);
        _json.WriteNumber("place"u8, ++_place);
        RecordFormat.Write(_json, record, _schema);
        _json.WriteEndObject();
        _json.Flush();

        _buffer.CutTo(_buffer.Length - 1); // The closing brace comes after the checksum.
        _checksum.WriteEnd(_buffer.From(start), _buffer.GetSpan(LineChecksum.Size));
        _buffer.Advance(LineChecksum.Size);
        _buffer.GetSpan(1)[0] = (byte)'\n';
        _buffer.Advance(1);
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();
}
