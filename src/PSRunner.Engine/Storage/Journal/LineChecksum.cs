using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Text;

namespace PSRunner.Engine.Storage;

/// <summary>
/// The end of every line, <c>,"crc":"xxxxxxxx"}</c>: CRC-32C (Castagnoli, as in iSCSI, RFC 3720, without the final
/// inversion) over the batch's id, the file's number and the line's bytes before it. A line that strayed in from another
/// batch or file is therefore no line of this one.
/// </summary>
internal readonly struct LineChecksum
{
    private const int DigitsAt = 8;
    private readonly uint _seed;

    /// <param name="batchId">The batch's id.</param>
    /// <param name="fileNumber">The journal file.</param>
    public LineChecksum(string batchId, int fileNumber)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(number, fileNumber);
        _seed = Add(Add(uint.MaxValue, Encoding.UTF8.GetBytes(batchId)), number);
    }

    /// <summary>How many bytes the end takes, newline apart.</summary>
    public static int Size => DigitsAt + 8 + 2;

    /// <summary>How every end begins. A quote inside text is escaped, so it occurs nowhere else.</summary>
    public static ReadOnlySpan<byte> Start => ",\"crc\":\""u8;

    /// <summary>Writes the end of a line whose bytes, its closing brace taken off, are given.</summary>
    public void WriteEnd(ReadOnlySpan<byte> line, Span<byte> end)
    {
        Start.CopyTo(end);
        Utf8Formatter.TryFormat(Add(_seed, line), end[DigitsAt..], out _, new('x', 8));
        end[DigitsAt + 8] = (byte)'"';
        end[DigitsAt + 9] = (byte)'}';
    }

    /// <summary>True when a line, without its newline, ends as it should.</summary>
    public bool IsGood(ReadOnlySpan<byte> line)
    {
        if (line.Length <= Size)
        {
            return false;
        }

        Span<byte> end = stackalloc byte[Size];
        WriteEnd(line[..^Size], end);
        return line[^Size..].SequenceEqual(end);
    }

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }
}
