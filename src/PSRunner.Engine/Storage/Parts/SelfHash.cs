using System.IO.Hashing;
using System.Text;

namespace PSRunner.Engine.Storage;

/// <summary>
/// The hash that a file carries of itself: XxHash128 over all its bytes, where the 32 digits that hold the hash count as
/// zeros. No second file is needed, and none can be lost or left behind.
/// </summary>
internal static class SelfHash
{
    private const int Digits = 32;

    /// <summary>What stands for the hash until it is known.</summary>
    public static string Blank { get; } = new('0', Digits);

    /// <summary>Puts the hash in its place.</summary>
    /// <param name="before">The bytes before <paramref name="tail"/>.</param>
    /// <param name="tail">The end of the file, in which <see cref="Blank"/> stands behind the mark.</param>
    /// <param name="mark">What stands right before the digits, the last time it occurs.</param>
    public static void Fill(XxHash128 before, Span<byte> tail, ReadOnlySpan<byte> mark)
    {
        var at = tail.LastIndexOf(mark) + mark.Length;
        before.Append(tail);
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(before.GetCurrentHash()), tail.Slice(at, Digits));
    }

    /// <summary>True when every byte of a file is as it was written.</summary>
    /// <param name="file">The file, read from its start.</param>
    /// <param name="tailLength">How many of its last bytes hold the mark and the digits.</param>
    /// <param name="mark">What stands right before the digits.</param>
    public static bool IsGood(Stream file, int tailLength, ReadOnlySpan<byte> mark)
    {
        file.Position = 0;
        var hash = new XxHash128();
        var buffer = new byte[1 << 17];
        for (var left = file.Length - tailLength; left > 0;)
        {
            var read = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                return false;
            }

            hash.Append(buffer.AsSpan(0, read));
            left -= read;
        }

        var tail = new byte[tailLength];
        file.ReadExactly(tail);
        var found = tail.AsSpan().LastIndexOf(mark);
        if (found < 0 || found + mark.Length + Digits > tail.Length)
        {
            return false;
        }

        var digits = tail.AsSpan(found + mark.Length, Digits);
        var said = Encoding.ASCII.GetString(digits);
        digits.Fill((byte)'0');
        hash.Append(tail);
        return said == Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
