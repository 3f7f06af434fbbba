namespace PSRunner.Engine.Storage;

/// <summary>
/// Cuts a journal file into lines whose checksum is right, whatever lies between them. Reads forward with a buffer that
/// holds one line.
/// </summary>
/// <param name="stream">The file.</param>
/// <param name="checksum">The checksum of the file.</param>
/// <param name="length">Bytes to read at most; what a running writer has not made durable is left alone.</param>
internal sealed class LineSplitter(Stream stream, LineChecksum checksum, long length = long.MaxValue)
{
    /// <summary>A longer line is none of ours: twice what a record may take.</summary>
    private const int LongestLine = 2 << 20;

    /// <summary>How every line begins. A quote inside text is escaped, so it occurs nowhere else.</summary>
    private static ReadOnlySpan<byte> Beginning => "{\"seq\":"u8;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private int _searched;
    private long _left = length;

    /// <summary>True when bytes that are no line were met after the last good one.</summary>
    public bool EndsInDamage { get; private set; }

    /// <summary>Bytes so far that belong to no good line, damaged line ends among them.</summary>
    public long StrayBytes { get; private set; }

    /// <summary>Finds the next good line; its bytes stay until the next call.</summary>
    public bool Next(out ReadOnlyMemory<byte> line)
    {
        while (true)
        {
            var newline = _buffer.AsSpan(_searched, _end - _searched).IndexOf((byte)'\n');
            if (newline < 0)
            {
                _searched = _end;
                if (_end - _start > LongestLine)
                {
                    EndsInDamage = true;
                    var begun = _buffer.AsSpan(_start, _end - _start).LastIndexOf(Beginning);
                    var stray = begun > 0 ? begun : _end - _start - Beginning.Length; // It may end in the beginning of a line.
                    StrayBytes += stray;
                    _start += stray;
                }

                if (Fill())
                {
                    continue;
                }

                newline = _end - _searched;
                if (_start == _end)
                {
                    line = default;
                    return false;
                }
            }

            var begin = _start;
            var candidate = _buffer.AsMemory(begin, _searched + newline - begin);
            _start = _searched = Math.Min(_searched + newline + 1, _end);
            if (checksum.IsGood(candidate.Span))
            {
                line = candidate;
                EndsInDamage = false;
                return true;
            }

            EndsInDamage = true;
            if (FindInside(candidate, begin, out line))
            {
                return true;
            }

            StrayBytes += _start - begin;
        }
    }

    /// <summary>
    /// What looks like one line may hold whole ones: behind bytes that are no line and end in no newline, or before a newline
    /// that was damaged.
    /// </summary>
    private bool FindInside(ReadOnlyMemory<byte> damaged, int begin, out ReadOnlyMemory<byte> line)
    {
        line = default;
        var bytes = damaged.Span;
        var found = bytes.IndexOf(LineChecksum.Start);
        var end = found + LineChecksum.Size;
        if (found < 0 || end > bytes.Length)
        {
            return false;
        }

        var start = bytes[..found].LastIndexOf(Beginning);
        if (start < 0 || !checksum.IsGood(bytes[start..end]))
        {
            var begun = bytes[found..].IndexOf(Beginning);
            _start = _searched = begun < 0 ? _start : begin + found + begun;
            return false;
        }

        var isLast = end == bytes.Length;
        var newline = isLast || bytes[end] != Beginning[0] ? 1 : 0; // It may be gone altogether.
        _start = _searched = Math.Min(begin + end + newline, _end);
        line = damaged[start..end];
        StrayBytes += start + (isLast ? 0 : newline);
        EndsInDamage = !isLast;
        return true;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _searched -= _start;
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = _left == 0 ? 0 : stream.Read(_buffer, _end, (int)Math.Min(_buffer.Length - _end, _left));
        _left -= read;
        _end += read;
        return read > 0;
    }
}
