using System.Text;
using System.Text.RegularExpressions;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// The bytes of a reply in pieces (server-sent events), with an eye on what the client library passes over: an event that is
/// an error, and an end that comes before the reply has ended. Both would pass for a short reply of the model.
/// </summary>
internal sealed partial class EventStream(WatchedStream inner, Func<string, HttpFault> meaning) : WrappedStream(inner)
{
    /// <summary>A reply of more bytes is none: a hundred thousand tokens, each in a piece of its own, are half of that.</summary>
    public const int MostBytes = 64 * 1024 * 1024;

    /// <summary>The client library keeps a line whole until its end.</summary>
    public const int MostInLine = 16 * 1024 * 1024;

    /// <summary>A longer line is no error.</summary>
    private const int MaxLine = 65_536;

    private readonly MemoryStream _line = new();
    private long _read;
    private long _lineAt;
    private bool _ended;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (read > 0)
        {
            CheckLength(buffer.Span[..read]);
            Look(buffer.Span[..read]);
        }
        else if (buffer.Length > 0)
        {
            LookAtLine();
            if (!_ended)
            {
                throw new RefusedAnswer(new HttpFault(Causes.Connection, "The stream ended before the reply did."));
            }
        }

        return read;
    }

    /// <summary>Reading stops here, before the memory does: a server that never stops is given as little as one that never begins.</summary>
    private void CheckLength(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.LastIndexOf((byte)'\n');
        _lineAt = end < 0 ? _lineAt : _read + end;
        _read += bytes.Length;
        if (_read > MostBytes || _read - _lineAt > MostInLine)
        {
            throw new RefusedAnswer(new HttpFault(Causes.GarbageReply, $"The reply does not end: {_read} bytes, {_read - _lineAt} of them in one line."));
        }
    }

    private void Look(ReadOnlySpan<byte> bytes)
    {
        int end;
        while ((end = bytes.IndexOf((byte)'\n')) >= 0)
        {
            if (_line.Length == 0 && end <= MaxLine)
            {
                LookAt(bytes[..end]);
            }
            else
            {
                Keep(bytes[..end]);
                LookAtLine();
            }

            bytes = bytes[(end + 1)..];
        }

        Keep(bytes);
    }

    private void Keep(ReadOnlySpan<byte> bytes) => _line.Write(bytes[..Math.Min(bytes.Length, MaxLine - (int)_line.Length)]);

    private void LookAtLine()
    {
        var length = (int)_line.Length;
        _line.SetLength(0);
        LookAt(_line.GetBuffer().AsSpan(0, length));
    }

    private void LookAt(ReadOnlySpan<byte> bytes)
    {
        // Most lines are pieces of a reply: their bytes show it, at a fraction of the cost.
        var mayBeError = bytes.IndexOf("\"error\""u8) >= 0;
        var mayEnd = !_ended && bytes.IndexOf("\"finish_reason\":null"u8) < 0;
        if (!bytes.StartsWith("data:"u8) || !(mayBeError || mayEnd))
        {
            return;
        }

        var line = Encoding.UTF8.GetString(bytes);

        // Within the text of a reply quotes are escaped, so that what it says is not taken for one of these.
        if (mayBeError && Error().IsMatch(line) && line["data:".Length..] is var json && ErrorBody.Read(json).IsError)
        {
            throw new RefusedAnswer(meaning(json));
        }

        _ended = _ended || Finish().IsMatch(line);
    }

    [GeneratedRegex("""(?<!\\)"error"\s*:\s*["{]""", RegexOptions.CultureInvariant)]
    private static partial Regex Error();

    [GeneratedRegex("""^data:\s*\[DONE\]|(?<!\\)"finish_reason"\s*:\s*"[^"]""", RegexOptions.CultureInvariant)]
    private static partial Regex Finish();
}
