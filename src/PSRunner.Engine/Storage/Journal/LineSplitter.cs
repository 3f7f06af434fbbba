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
                    StrayBytes += _end - _start;
                    _start = _end;
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
                StrayBytes++;
                return true;
            }

            StrayBytes += _start - begin;
        }
    }

    /// <summary>The newline may be what was damaged: then two lines look like one, and each is still whole.</summary>
    private bool FindInside(ReadOnlyMemory<byte> damaged, int begin, out ReadOnlyMemory<byte> line)
    {
        var end = damaged.Span.IndexOf(LineChecksum.Start) + LineChecksum.Size;
        if (end < LineChecksum.Size || end >= damaged.Length)
        {
            line = default;
            return false;
        }

        _start = _searched = begin + end + 1; // Behind the damaged newline there may be another line.
        line = damaged[..end];
        return checksum.IsGood(line.Span);
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
