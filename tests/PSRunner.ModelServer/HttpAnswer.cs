using System.Globalization;
using System.Text;

namespace PSRunner.ModelServer;

/// <summary>An answer, ready to be sent or spoiled.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">The type of the body.</param>
/// <param name="Pieces">The body; several pieces: sent in chunks, with a pause between.</param>
public sealed record HttpAnswer(int Status, string ContentType, IReadOnlyList<byte[]> Pieces)
{
    /// <summary>Further headers.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The first line; null: what follows from the status.</summary>
    public string? StatusLine { get; init; }

    /// <summary>True for a body in chunks.</summary>
    public bool IsChunked { get; init; }

    /// <summary>Added to the true length of the body in its header.</summary>
    public int LengthError { get; init; }

    /// <summary>A JSON answer.</summary>
    public static HttpAnswer Json(int status, string json) => new(status, "application/json; charset=utf-8", [Encoding.UTF8.GetBytes(json)]);

    /// <summary>The status line and headers.</summary>
    public byte[] Head()
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"{StatusLine ?? $"HTTP/1.1 {Status} {(Status < 400 ? "OK" : "Error")}"}\r\nContent-Type: {ContentType}\r\n");
        foreach (var (name, value) in Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        head.Append(IsChunked ? "Transfer-Encoding: chunked\r\n" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Pieces.Sum(p => p.Length) + LengthError}\r\n"));
        return Encoding.ASCII.GetBytes(head.Append("\r\n").ToString());
    }

    /// <summary>The pieces as they go over the wire.</summary>
    public IEnumerable<byte[]> Wire() => IsChunked
        ? Pieces.Select(p => (byte[])[.. Encoding.ASCII.GetBytes(p.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. p, .. "\r\n"u8]).Append("0\r\n\r\n"u8.ToArray())
        : Pieces;
}
