using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace PSRunner.ModelServer;

/// <summary>A request as it came over the wire.</summary>
internal sealed record HttpMessage(string Method, string Path, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body);

/// <summary>Reads requests from a connection that is kept alive. HTTP/1.1 by hand: only so can every rule be broken.</summary>
internal sealed class HttpReader(NetworkStream stream)
{
    private const int MaxBytes = 32 * 1024 * 1024;
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private byte[] _buffer = new byte[8192];
    private int _length;

    /// <summary>The next request; null when the client is gone or speaks something else (TLS, say).</summary>
    public async Task<HttpMessage?> ReadAsync(CancellationToken cancellation)
    {
        int head;
        while ((head = _buffer.AsSpan(0, _length).IndexOf(EndOfHead)) < 0)
        {
            if (!await FillAsync(cancellation).ConfigureAwait(false) || _buffer[0] is < (byte)'A' or > (byte)'Z')
            {
                return null;
            }
        }

        var lines = Encoding.ASCII.GetString(_buffer, 0, head).Split("\r\n");
        var first = lines[0].Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        var start = head + EndOfHead.Length;
        var length = headers.TryGetValue("Content-Length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var body = headers.ContainsKey("Transfer-Encoding") ? await ChunksAsync(start, cancellation).ConfigureAwait(false) : await PlainAsync(start, length, cancellation).ConfigureAwait(false);
        return body is { } bytes ? new HttpMessage(first[0], first[1], headers, bytes) : null;
    }

    private async Task<ReadOnlyMemory<byte>?> PlainAsync(int start, int length, CancellationToken cancellation)
    {
        while (_length < start + length)
        {
            if (!await FillAsync(cancellation).ConfigureAwait(false))
            {
                return null;
            }
        }

        var body = _buffer.AsSpan(start, length).ToArray();
        Drop(start + length);
        return body;
    }

    private async Task<ReadOnlyMemory<byte>?> ChunksAsync(int start, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        Drop(start);
        while (true)
        {
            int line;
            while ((line = _buffer.AsSpan(0, _length).IndexOf("\r\n"u8)) < 0)
            {
                if (!await FillAsync(cancellation).ConfigureAwait(false))
                {
                    return null;
                }
            }

            var size = int.Parse(Encoding.ASCII.GetString(_buffer, 0, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (await PlainAsync(line + 2, size + 2, cancellation).ConfigureAwait(false) is not { } chunk)
            {
                return null;
            }

            body.Write(chunk.Span[..size]);
            if (size == 0)
            {
                return body.ToArray();
            }
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        if (_length == _buffer.Length)
        {
            if (_length >= MaxBytes)
            {
                return false;
            }

            Array.Resize(ref _buffer, 2 * _length);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellation).ConfigureAwait(false);
        _length += read;
        return read > 0;
    }

    private void Drop(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
    }
}
