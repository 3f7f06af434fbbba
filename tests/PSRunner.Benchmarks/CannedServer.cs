using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PSRunner.Benchmarks;

/// <summary>
/// A model API that gives one answer after a set time and does as little as it can: what a client reaches against it is the
/// client's own doing. Plain HTTP/1.1, whole or streamed as asked.
/// </summary>
internal sealed class CannedServer(Socket listener, TimeSpan latency)
{
    private const string Text = "I have thought about it, and this is what I would say.";

    private static readonly byte[] Whole = Answer(
        "application/json",
        $$$"""{"id":"c","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{{Text}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":12,"total_tokens":212}}""");

    private static readonly byte[] Streamed = Answer(
        "text/event-stream",
        string.Concat(new[]
        {
            """{"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
            $$$"""{"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":"{{{Text}}}"},"finish_reason":null}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[],"usage":{"prompt_tokens":200,"completion_tokens":12,"total_tokens":212}}""",
            "[DONE]",
        }.Select(data => $"data: {data}\n\n")));

    /// <summary>Serves until standard input ends; prints its address first.</summary>
    public static int RunChild(int latencyMilliseconds)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}/v1"));
        _ = new CannedServer(listener, TimeSpan.FromMilliseconds(latencyMilliseconds)).AcceptAsync();
        while (Console.ReadLine() is not null)
        {
        }

        return 0;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await listener.AcceptAsync();
            client.NoDelay = true;
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var socket = client;
        var buffer = ArrayPool<byte>.Shared.Rent(65_536);
        try
        {
            for (var length = 0; ;)
            {
                int end;
                while ((end = EndOfRequest(buffer.AsSpan(0, length))) < 0)
                {
                    var read = await socket.ReceiveAsync(buffer.AsMemory(length));
                    if (read == 0)
                    {
                        return;
                    }

                    length += read;
                }

                var isStream = buffer.AsSpan(0, end).IndexOf("\"stream\":true"u8) >= 0;
                buffer.AsSpan(end, length - end).CopyTo(buffer);
                length -= end;
                await Task.Delay(latency);
                await socket.SendAsync(isStream ? Streamed : Whole);
            }
        }
        catch (SocketException)
        {
            // The client is gone.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int EndOfRequest(ReadOnlySpan<byte> bytes)
    {
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return -1;
        }

        var at = Math.Max(bytes[..head].IndexOf("Content-Length: "u8), bytes[..head].IndexOf("content-length: "u8)); // .NET's, Node's
        if (at < 0)
        {
            // In chunks: up to the empty one.
            var last = bytes[head..].IndexOf("\r\n0\r\n\r\n"u8);
            return last < 0 ? -1 : head + last + 7;
        }

        var line = bytes[(at + 16)..];
        var end = head + 4 + int.Parse(line[..line.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
        return bytes.Length >= end ? end : -1;
    }

    private static byte[] Answer(string type, string body) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
}
