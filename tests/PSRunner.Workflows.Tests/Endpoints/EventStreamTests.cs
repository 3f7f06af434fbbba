using System.Text;
using PSRunner.Workflows.Endpoints;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>What the client library passes over in a stream: errors, and an end before the end.</summary>
public sealed class EventStreamTests
{
    private const string Piece = """data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}""";

    [Theory]
    [InlineData("data: [DONE]", "")]
    [InlineData("data:[DONE]", "")]
    [InlineData("""data: {"choices":[{"delta":{},"finish_reason":"stop"}]}""", "")]
    [InlineData("""data: {"choices":[{"delta":{},"finish_reason": "length"}]}""", "")]
    [InlineData(": a comment", "connection")]
    [InlineData("""data: {"choices":[{"delta":{"content":"\"finish_reason\":\"stop\""},"finish_reason":null}]}""", "connection")]
    [InlineData("""data: {"choices":[{"delta":{"content":"{\"error\":{\"code\":429}}"},"finish_reason":"stop"}]}""", "")]
    [InlineData("""data: {"choices":[{"delta":{},"finish_reason":"stop","content_filter_results":{"error":{"code":"content_filter_error"}}}]}""", "")]
    [InlineData("""data: {"error":{"message":"gone","code":502}}""", "server-error")]
    [InlineData("""data: {"error":{"message":"The engine is dead","type":"InternalServerError"}}""", "server-error")]
    [InlineData("""data: {"error":"The engine is dead"}""", "server-error")]
    [InlineData("""data: {"error":{"message":"too fast","code":429}}""", "throttled")]
    [InlineData("""data: {"error":{"code":"server_error","message":"gone"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}""", "server-error")]
    [InlineData("""data: {"error":null,"choices":[{"delta":{},"finish_reason":"stop"}]}""", "")]
    public async Task A_stream_is_a_reply_when_it_says_its_end_and_no_error(string last, string cause)
    {
        foreach (var ending in new[] { "\n\n", "\n\ndata: [DONE]\n\n", "" })
        {
            var expected = ending.Contains("DONE", StringComparison.Ordinal) && cause == Causes.Connection ? "" : cause;
            foreach (var step in new[] { 1, 7, 4096 })
            {
                Assert.Equal(expected, await ReadAsync($"{Piece}\n\n{last}{ending}", step));
            }
        }
    }

    [Fact]
    public async Task A_line_without_end_is_read_and_not_kept() =>
        Assert.Equal("", await ReadAsync("data: " + new string('x', 5_000_000) + "\n\ndata: [DONE]\n\n", 16_384));

    [Theory]
    [InlineData("data: {}\n\n", EventStream.MostBytes)]
    [InlineData(": still here\n\n", EventStream.MostBytes)]
    [InlineData("x", EventStream.MostInLine)]
    public async Task A_stream_without_end_is_left_before_it_fills_the_memory(string forever, int most)
    {
        var watched = new WatchedStream(new Endless(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(forever, 1000)))), TimeSpan.FromMinutes(1), TimeProvider.System);
        await using var stream = new EventStream(watched, _ => throw new InvalidOperationException());
        var (buffer, all) = (new byte[65_536], 0L);

        var refused = await Assert.ThrowsAsync<RefusedAnswer>(async () =>
        {
            while (true)
            {
                all += await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            }
        });

        Assert.Equal(Causes.GarbageReply, refused.Fault.Cause);
        Assert.InRange(all, most - buffer.Length, most);
    }

    private static async Task<string> ReadAsync(string text, int step)
    {
        var watched = new WatchedStream(new MemoryStream(Encoding.UTF8.GetBytes(text)), TimeSpan.FromMinutes(1), TimeProvider.System);
        await using var stream = new EventStream(watched, json => HttpFaults.OfAnswer(System.Net.HttpStatusCode.OK, _ => null, json, default));
        var (buffer, all) = (new byte[step], new MemoryStream());
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0)
            {
                all.Write(buffer, 0, read);
            }
        }
        catch (RefusedAnswer refused)
        {
            return refused.Fault.Cause;
        }

        Assert.Equal(text, Encoding.UTF8.GetString(all.ToArray()));
        return "";
    }

    /// <summary>The same bytes again and again.</summary>
    private sealed class Endless(byte[] bytes) : WrappedStream(Null)
    {
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var length = Math.Min(buffer.Length, bytes.Length - _at);
            bytes.AsMemory(_at, length).CopyTo(buffer);
            _at = (_at + length) % bytes.Length;
            return ValueTask.FromResult(length);
        }
    }
}
