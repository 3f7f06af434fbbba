using System.Text;

namespace PSRunner.Engine.Processes;

/// <summary>The end of a file that a process wrote, whatever it wrote: any length, any bytes.</summary>
/// <param name="Text">The last bytes as UTF-8; what is not UTF-8 reads as U+FFFD. It does not begin inside a character.</param>
/// <param name="Length">The length of the file in bytes, from where reading began to count.</param>
internal sealed record OutputTail(string Text, long Length)
{
    /// <summary>Bytes that are read when nothing else is said.</summary>
    public const int DefaultBytes = 64 * 1024;

    private const int LongestCharacter = 4;

    /// <summary>True when the text is not the whole file.</summary>
    public bool IsCut { get; private init; }

    /// <summary>Reads the end of a file, also while it is being written. A file that is not there reads as empty.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">How much to read at most.</param>
    /// <param name="from">Where to begin: what stands before is not counted either.</param>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public static OutputTail Read(string path, int mostBytes = DefaultBytes, long from = 0)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            var start = Math.Max(from, length - mostBytes);
            var bytes = new byte[Math.Max(0, length - start)];
            var count = 0;
            while (count < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(count), start + count) is var read and > 0)
            {
                count += read;
            }

            var text = bytes.AsSpan(0, count);
            return new OutputTail(Encoding.UTF8.GetString(start == from ? text : text[InsideCharacter(text)..]), Math.Max(0, length - from)) { IsCut = start > from };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new OutputTail("", 0);
        }
    }

    /// <summary>Reads the beginning of a file, also while it is being written. A file that is not there reads as empty.</summary>
    /// <param name="path">The file.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="mostBytes">How much to read at most.</param>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public static string ReadHead(string path, long from, int mostBytes)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[mostBytes];
            return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, from));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "";
        }
    }

    // Bytes at the start that continue a character whose first byte was cut off.
    private static int InsideCharacter(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        while (count < Math.Min(bytes.Length, LongestCharacter - 1) && (bytes[count] & 0xC0) == 0x80)
        {
            count++;
        }

        return count;
    }
}
