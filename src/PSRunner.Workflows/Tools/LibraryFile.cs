using System.Text.Json;
using System.Text.Unicode;

namespace PSRunner.Workflows.Tools;

/// <summary>Opens the JSON files that users bring (registries, task libraries) and says plainly what is wrong with them.</summary>
internal static class LibraryFile
{
    /// <summary>The old runner's largest library has 63 MB; anything far beyond is the wrong file.</summary>
    private const long MaxBytes = 256L * 1024 * 1024;

    private static readonly JsonReaderOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <exception cref="TestBatchException">...NotFound, ...Unreadable, ...Truncated, ...Invalid when it is no text.</exception>
    public static JsonDocument Open(LibrarySource library)
    {
        var (errorPrefix, what, path) = library;
        byte[] content;
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                throw new TestBatchException(errorPrefix + "NotFound", ErrorKind.NotFound,
                    $"There is no {what} '{path}'. Check the path; a relative one is taken from the current location.", path);
            }

            if (file.Length > MaxBytes)
            {
                throw new TestBatchException(errorPrefix + "Unreadable", ErrorKind.LimitReached,
                    $"The file '{path}' has {file.Length} bytes; a {what} may have {MaxBytes}. Name a smaller file.", path);
            }

            content = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TestBatchException(errorPrefix + "Unreadable", ErrorKind.ReadError,
                $"The {what} '{path}' cannot be read: {error.Message}", path, error);
        }

        return Parse(content, library);
    }

    /// <summary>Parses content that was read already.</summary>
    public static JsonDocument Parse(ReadOnlyMemory<byte> content, LibrarySource library)
    {
        var (errorPrefix, what, source) = library;
        if (content.Span.StartsWith("\uFEFF"u8))
        {
            content = content[3..];
        }

        if (IsWide(content.Span))
        {
            throw library.Invalid("is UTF-16 or UTF-32 text instead of UTF-8, which Set-Content -Encoding utf8 writes");
        }

        try
        {
            // The parser takes any bytes inside of strings. It goes first, because a file that is cut off may end within a character.
            var document = JsonDocument.Parse(content, new JsonDocumentOptions { AllowTrailingCommas = Lenient.AllowTrailingCommas, CommentHandling = Lenient.CommentHandling });
            if (!Utf8.IsValid(content.Span))
            {
                throw library.Invalid("is not UTF-8 text");
            }

            CheckEscapes(content.Span, library);
            return document;
        }
        catch (JsonException error)
        {
            var line = (error.LineNumber ?? 0) + 1;
            var inLine = error.BytePositionInLine ?? 0;
            var at = ByteOffset(content.Span, line, inLine);
            var cut = at >= content.Span.TrimEnd(" \t\r\n"u8).Length ? "ends in the middle, as a file does whose writing was cut off" : "is not JSON from there on";
            throw new TestBatchException(errorPrefix + "Truncated", ErrorKind.InvalidData,
                $"The {what} '{source}' cannot be read beyond line {line}, byte {inLine + 1} of the line (byte {at} of {content.Length} in all): it {cut}. Use an undamaged copy.",
                source, error);
        }
    }

    // JSON has no zero bytes, and every text in a wider encoding that begins like JSON has one there, or a mark of its own.
    private static bool IsWide(ReadOnlySpan<byte> content) =>
        content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || content.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) || content[..Math.Min(content.Length, 4)].Contains((byte)0);

    // Half a surrogate pair, written as an escape, is JSON and no text: it would throw wherever it is read first.
    private static void CheckEscapes(ReadOnlySpan<byte> content, LibrarySource library)
    {
        var reader = new Utf8JsonReader(content, Lenient);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
            {
                continue;
            }

            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException)
            {
                var line = 1 + content[..(int)reader.TokenStartIndex].Count((byte)'\n');
                throw library.Invalid($"holds text in line {line} that is no Unicode (half a surrogate pair)");
            }
        }
    }

    private static int ByteOffset(ReadOnlySpan<byte> content, long line, long inLine)
    {
        var offset = 0;
        for (long at = 1; at < line; at++)
        {
            var next = content[offset..].IndexOf((byte)'\n');
            if (next < 0)
            {
                break;
            }

            offset += next + 1;
        }

        return (int)Math.Min(content.Length, offset + inLine);
    }
}
