using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace PSRunner.ModelServer;

/// <summary>Writes what the chat completions API says: completions whole and in pieces, errors, faults of content.</summary>
internal static class ChatAnswers
{
    private const int HugeChars = 10 * 1024 * 1024;
    private const string BodyError = """{"error":{"message":"The host of the model went away.","type":"server_error","code":502}}""";

    /// <summary>A completion.</summary>
    public static HttpAnswer Completion(ChatRequest request, ChatReply reply, Fault? fault, int pieceLength) => (fault, request.Stream) switch
    {
        (Fault.ErrorInBody, true) => Half(Stream(request, reply, pieceLength), Encoding.UTF8.GetBytes($"data: {BodyError}\n\n")),
        (Fault.ErrorInBody, false) => HttpAnswer.Json(200, BodyError),
        (Fault.EndsEarly, true) => Half(Stream(request, reply, pieceLength)),
        (_, true) => Stream(request, reply, pieceLength),
        _ => Whole(request, reply),
    };

    /// <summary>The reply spoiled by a fault that a proper completion carries; the reply itself for other faults.</summary>
    public static ChatReply Spoiled(ChatReply reply, Fault? fault) => fault switch
    {
        Fault.EmptyContent => new(""),
        Fault.ReasoningOnly => new("") { Reasoning = "I think about it." },
        Fault.CutInTag => new(CutInTag(reply.Text)),
        Fault.FilteredReply => new(reply.Text[..(reply.Text.Length / 2)]) { Finish = "content_filter" },
        Fault.HugeReply => new(string.Concat(Enumerable.Repeat("words without end ", 1 + (HugeChars / 18)))[..HugeChars]),
        _ => reply,
    };

    /// <summary>An error in the API's own shape.</summary>
    public static HttpAnswer Error(int status, string code, string message) =>
        HttpAnswer.Json(status, new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = code, ["code"] = code } }.ToJsonString());

    /// <summary>An answer that is an error by itself; null for faults of another kind.</summary>
    public static HttpAnswer? Refusal(Fault fault, RateState state, long number, TimeSpan leastRetryAfter) => fault switch
    {
        Fault.Throttled => Error(429, "rate_limit_exceeded", "Rate limit reached. Slow down.") with { Headers = Limits(state, leastRetryAfter) },
        Fault.ThrottledBare => new(429, "text/plain", []),
        Fault.ThrottledInBody => HttpAnswer.Json(400, """{"success":false,"errorCode":"MPE-429","detailMessage":"the call was limited by the gateway"}"""),
        Fault.QuotaUsedUp => Error(429, "insufficient_quota", "You have no credit left."),
        Fault.ServerError => Error(number % 3 == 0 ? 500 : number % 3 == 1 ? 502 : 503, "server_error", "Something broke."),
        Fault.WrongJson => HttpAnswer.Json(200, """{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"""),
        Fault.Html => new(200, "text/html", [Encoding.UTF8.GetBytes("<!DOCTYPE html><html><body>Please sign in to the network.</body></html>")]),
        Fault.Redirect => new(307, "text/plain", []) { Headers = [("Location", "http://elsewhere.invalid/v1/chat/completions")] },
        Fault.KeyRevoked => Error(401, "invalid_api_key", "This API key is no longer valid."),
        Fault.ContentFilter => Error(400, "content_filter", "The prompt was filtered."),
        _ => null,
    };

    private static (string, string)[] Limits(RateState state, TimeSpan leastRetryAfter)
    {
        List<(string, string)> headers = [("Retry-After", Number(Math.Max(leastRetryAfter.TotalSeconds, Math.Ceiling(state.RetryAfter))))];
        if (state.Requests is { } requests)
        {
            headers.AddRange([("x-ratelimit-remaining-requests", Number(requests)), ("x-ratelimit-reset-requests", Number(state.RequestsIn) + "s")]);
        }

        if (state.Tokens is { } tokens)
        {
            headers.AddRange([("x-ratelimit-remaining-tokens", Number(tokens)), ("x-ratelimit-reset-tokens", Number(state.TokensIn) + "s")]);
        }

        return [.. headers];
    }

    private static string Number(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    private static string CutInTag(string text)
    {
        var tag = text.LastIndexOf('<');
        return tag < 0 ? text + "<tool_call" : text[..Math.Min(text.Length, tag + 3)];
    }

    private static HttpAnswer Whole(ChatRequest request, ChatReply reply)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = reply.Text.Length == 0 && reply.Calls.Count > 0 ? null : reply.Text };
        Add(message, reply);
        return HttpAnswer.Json(200, Body(request, "chat.completion", new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = Finish(reply) }, Usage(request, reply)));
    }

    private static HttpAnswer Stream(ChatRequest request, ChatReply reply, int pieceLength)
    {
        List<byte[]> pieces = [Delta(request, new JsonObject { ["role"] = "assistant", ["content"] = "" }, null, null)];
        if (reply.Reasoning.Length > 0)
        {
            pieces.Add(Delta(request, new JsonObject { ["reasoning_content"] = reply.Reasoning }, null, null));
        }

        // A huge reply in small pieces would be huge twice.
        var length = Math.Max(pieceLength, reply.Text.Length / 1000);
        pieces.AddRange(reply.Text.Chunk(length).Select(chars => Delta(request, new JsonObject { ["content"] = new string(chars) }, null, null)));
        pieces.AddRange(Calls(reply).Select(call => Delta(request, new JsonObject { ["tool_calls"] = new JsonArray(call) }, null, null)));
        pieces.Add(Delta(request, [], Finish(reply), null));
        pieces.Add(Delta(request, null, null, Usage(request, reply)));
        pieces.Add("data: [DONE]\n\n"u8.ToArray());
        return new HttpAnswer(200, "text/event-stream", pieces) { IsChunked = true };
    }

    /// <summary>The first half of a stream, never its last words, and then something else.</summary>
    private static HttpAnswer Half(HttpAnswer stream, params byte[][] then) =>
        stream with { Pieces = [.. stream.Pieces.Take((stream.Pieces.Count - 1) / 2), .. then] };

    private static byte[] Delta(ChatRequest request, JsonObject? delta, string? finish, JsonObject? usage)
    {
        var choice = delta is null ? null : new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish };
        return Encoding.UTF8.GetBytes("data: " + Body(request, "chat.completion.chunk", choice, usage) + "\n\n");
    }

    private static string Body(ChatRequest request, string kind, JsonObject? choice, JsonObject? usage)
    {
        var body = new JsonObject
        {
            ["id"] = "chatcmpl-1",
            ["object"] = kind,
            ["created"] = 1_700_000_000,
            ["model"] = request.Model,
            ["choices"] = choice is null ? [] : new JsonArray(choice),
        };
        if (usage is not null)
        {
            body["usage"] = usage;
        }

        return body.ToJsonString();
    }

    private static void Add(JsonObject message, ChatReply reply)
    {
        if (reply.Reasoning.Length > 0)
        {
            message["reasoning_content"] = reply.Reasoning;
        }

        if (reply.Calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. Calls(reply)]);
        }
    }

    private static IEnumerable<JsonObject> Calls(ChatReply reply) => reply.Calls.Select((call, i) => new JsonObject
    {
        ["index"] = i,
        ["id"] = string.Create(CultureInfo.InvariantCulture, $"call_{i}"),
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
    });

    private static string Finish(ChatReply reply) => reply.Finish ?? (reply.Calls.Count > 0 ? "tool_calls" : "stop");

    private static JsonObject Usage(ChatRequest request, ChatReply reply)
    {
        var answer = 1 + (reply.Text.Length / 4);
        return new JsonObject { ["prompt_tokens"] = request.Tokens, ["completion_tokens"] = answer, ["total_tokens"] = request.Tokens + answer };
    }
}
