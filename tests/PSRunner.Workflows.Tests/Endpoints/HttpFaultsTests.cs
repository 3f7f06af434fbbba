using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using PSRunner.Workflows.Endpoints;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>What answers mean; the bodies are our own words in the shapes that providers and gateways use.</summary>
public sealed class HttpFaultsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]

    // Load, said in every way.
    [InlineData(429, "", "throttled")]
    [InlineData(429, "slow down please", "throttled")]
    [InlineData(429, """{"error":{"message":"Rate limit reached on tokens per min (TPM). Please try again in 1.2s.","type":"tokens","code":"rate_limit_exceeded"}}""", "throttled")]
    [InlineData(429, """{"error":{"code":"429","message":"Requests have exceeded the token rate limit of your tier. Please retry after 26 seconds."}}""", "throttled")]
    [InlineData(400, """{"success":false,"errorCode":"MPE-429","detailMessage":"the call was limited"}""", "throttled")]
    [InlineData(400, """{"error":{"code":"PL-002","message":"please lower the frequency"}}""", "throttled")]
    [InlineData(400, """{"error":"gateway says MPE-429: later"}""", "throttled")]
    [InlineData(400, """{"code":"400","message":"模型服务被限流，请稍后重试"}""", "throttled")]
    [InlineData(400, "请求过于频繁", "throttled")]
    [InlineData(400, """{"error":{"message":"You have hit the rate limit for this model."}}""", "throttled")]
    [InlineData(403, """{"error":{"code":403,"status":"PERMISSION_DENIED","errors":[{"reason":"rateLimitExceeded"}]}}""", "throttled")]
    [InlineData(429, """{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota exceeded for requests per minute."}}""", "throttled")]
    [InlineData(429, """{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded"}""", "throttled")]
    [InlineData(503, """{"error":{"type":"overloaded_error","message":"try later"}}""", "throttled")]
    [InlineData(529, "", "throttled")]
    [InlineData(200, """{"error":{"code":429,"message":"too fast"}}""", "throttled")]
    [InlineData(500, """{"error":{"code":429,"message":"upstream said no"}}""", "throttled")]

    // Used up, which no waiting heals.
    [InlineData(402, "", "quota")]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}}""", "quota")]
    [InlineData(429, """{"error":{"message":"Your spending limit is reached; rate limit exceeded."}}""", "quota")]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to use this API."}}""", "quota")]
    [InlineData(400, """{"code":"Arrearage","message":"Access denied, the account is overdue"}""", "quota")]
    [InlineData(403, """{"message":"账户余额不足"}""", "quota")]

    // The key.
    [InlineData(401, "", "auth")]
    [InlineData(401, """{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}""", "auth")]
    [InlineData(400, """{"error":{"code":"400","message":"Invalid API key for this workspace"}}""", "auth")]
    [InlineData(400, """{"error":{"code":400,"message":"API key not valid. Please pass a valid one.","status":"INVALID_ARGUMENT"}}""", "auth")]
    [InlineData(400, """{"error":{"message":"Invalid token."}}""", "auth")]
    [InlineData(400, "invalid token (request id: 7)", "auth")]
    [InlineData(403, """{"type":"error","error":{"type":"permission_error","message":"not for this key"}}""", "auth")]
    [InlineData(407, "", "auth")]

    // What the provider will not do, and what it does not understand.
    [InlineData(400, """{"error":{"code":"content_filter","message":"The prompt was filtered"}}""", "refused")]
    [InlineData(400, """{"code":"DataInspectionFailed","message":"inappropriate input"}""", "refused")]
    [InlineData(403, """{"error":{"code":"unsupported_country_region_territory","message":"Country not supported"}}""", "refused")]
    [InlineData(451, "", "refused")]
    [InlineData(400, """{"error":{"message":"Unsupported parameter: 'max_tokens'","code":"unsupported_parameter"}}""", "bad-request")]
    [InlineData(400, """{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}""", "bad-request")]
    [InlineData(400, "what?", "bad-request")]
    [InlineData(400, """{"error":{"message":"Invalid token id 128011 in the prompt"}}""", "bad-request")]
    [InlineData(400, "Unexpected or invalid token at position 17", "bad-request")]
    [InlineData(404, """{"error":{"message":"The model does not exist","code":"model_not_found"}}""", "bad-request")]
    [InlineData(404, "", "bad-request")]
    [InlineData(413, "", "bad-request")]
    [InlineData(422, "", "bad-request")]

    // Trouble at the other end.
    [InlineData(500, "", "server-error")]
    [InlineData(500, """{"error":{"message":"The server had an error","type":"server_error"}}""", "server-error")]
    [InlineData(502, "<html><body>502 Bad Gateway</body></html>", "server-error")]
    [InlineData(503, "", "server-error")]
    [InlineData(504, "", "server-error")]
    [InlineData(599, "", "server-error")]
    [InlineData(408, "", "no-reply")]

    // Answers that are none.
    [InlineData(200, "", "empty-reply")]
    [InlineData(204, "", "empty-reply")]
    [InlineData(200, "  \n", "empty-reply")]
    [InlineData(200, "<!DOCTYPE html><html>sign in</html>", "garbage-reply")]
    [InlineData(200, """{"hello":1}""", "garbage-reply")]
    [InlineData(200, """{"choices":[{"message":""", "garbage-reply")]
    [InlineData(302, "", "garbage-reply")]
    [InlineData(307, "", "garbage-reply")]
    public void An_answer_has_the_cause_that_its_status_and_codes_say(int status, string body, string cause) =>
        Assert.Equal(cause, Of(status, body).Cause);

    [Fact]
    public void Every_cause_is_the_provider_s()
    {
        for (var status = 200; status < 600; status++)
        {
            Assert.Equal(FaultDomains.Provider, Causes.Find(Of(status, "x").Cause).ModelDomain);
        }
    }

    [Theory]
    [InlineData("retry-after", "7", 7)]
    [InlineData("retry-after", "0", 0)]
    [InlineData("retry-after", "2.5", 2.5)]
    [InlineData("retry-after", "-3", 0)]
    [InlineData("retry-after", "86400", 60)]
    [InlineData("retry-after", "Sun, 01 Mar 2026 12:00:30 GMT", 30)]
    [InlineData("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    [InlineData("retry-after-ms", "1500", 1.5)]
    [InlineData("x-ratelimit-reset", "1772366420", 20)]
    [InlineData("x-ratelimit-reset", "1772366420500", 20.5)]
    [InlineData("x-ratelimit-reset", "12", 12)]
    public void The_time_to_wait_is_read_in_seconds_and_as_a_date_with_a_cap(string header, string value, double seconds) =>
        Assert.Equal(seconds, Of(429, "", (header, value)).RetryAfter!.Value.TotalSeconds, 1e-6);

    [Theory]
    [InlineData("soon")]
    [InlineData("NaN")]
    [InlineData("")]
    public void A_time_that_says_nothing_is_none(string value) => Assert.Null(Of(429, "", ("retry-after", value)).RetryAfter);

    [Theory]
    [InlineData("1s", 1)]
    [InlineData("20ms", 0.02)]
    [InlineData("6m0s", 60)]
    [InlineData("0m12.5s", 12.5)]
    [InlineData("1h", 60)]
    [InlineData("2026-03-01T12:00:09Z", 9)]
    public void A_limit_that_is_used_up_says_by_its_reset_when_to_come_back(string reset, double seconds)
    {
        var fault = Of(429, "", ("x-ratelimit-remaining-requests", "10"), ("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", reset));

        Assert.Equal(seconds, fault.RetryAfter!.Value.TotalSeconds, 1e-6);
        Assert.Equal("Tokens", $"{fault.Scope}");
    }

    [Theory]
    [InlineData("Limit 5 requests per minute. Please try again in 12s.", 12, "Requests")]
    [InlineData("The token rate limit is exceeded. Please retry after 26 seconds.", 26, "Tokens")]
    [InlineData("Please try again in 250ms.", 0.25, "Unknown")]
    public void Some_say_it_only_in_a_sentence(string message, double seconds, string scope)
    {
        var fault = Of(429, JsonSerializer.Serialize(new { error = new { message } }));

        Assert.Equal(seconds, fault.RetryAfter!.Value.TotalSeconds, 1e-6);
        Assert.Equal(scope, $"{fault.Scope}");
    }

    [Fact]
    public void What_is_left_is_read_in_both_families_of_headers()
    {
        var headers = new Dictionary<string, string>
        {
            ["x-ratelimit-remaining-requests"] = "59",
            ["x-ratelimit-reset-requests"] = "1s",
            ["anthropic-ratelimit-tokens-remaining"] = "4000",
            ["anthropic-ratelimit-tokens-reset"] = "2026-03-01T12:00:30Z",
        };

        Assert.Equal(
            ["Requests 59 in 1 s", "Tokens 4000 in 30 s"],
            RetryHints.Headrooms(headers.GetValueOrDefault, Now).Select(h => $"{h.Scope} {h.Remaining} in {h.ResetIn.TotalSeconds} s"));
    }

    [Fact]
    public void A_broken_connection_has_the_cause_of_its_type()
    {
        (Exception Error, string? Cause)[] table =
        [
            (new HttpRequestException(HttpRequestError.NameResolutionError), Causes.Connection),
            (new HttpRequestException(HttpRequestError.ConnectionError, "refused", new SocketException((int)SocketError.ConnectionRefused)), Causes.Connection),
            (new HttpRequestException(HttpRequestError.SecureConnectionError, "tls", new AuthenticationException()), Causes.Connection),
            (new HttpRequestException(HttpRequestError.InvalidResponse), Causes.GarbageReply),
            (new HttpIOException(HttpRequestError.ResponseEnded), Causes.Connection),
            (new IOException("reset"), Causes.Connection),
            (new TaskCanceledException("late", new TimeoutException()), Causes.NoReply),
            (new Polly.Timeout.TimeoutRejectedException(), Causes.NoReply),
            (new JsonException("no"), Causes.GarbageReply),
            (new OperationCanceledException(), null),
            (new InvalidOperationException(), null),
        ];

        Assert.All(table, row => Assert.Equal(row.Cause, HttpFaults.OfException(row.Error)?.Cause));
    }

    [Fact]
    public void A_message_is_one_short_line_whatever_came()
    {
        var message = Of(500, "\u001b[2J" + new string('x', 10_000_000) + "\n\n").Message;

        Assert.InRange(message.Length, 300, 320);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void A_long_body_is_searched_for_words_in_no_time()
    {
        foreach (var word in (string[])["exceed", "rate limit", "api key ", "credit ", "exceeded ", "invalid "])
        {
            var body = string.Concat(Enumerable.Repeat(word, 65_536 / word.Length));
            var began = TimeProvider.System.GetTimestamp();
            _ = Of(400, body);
            Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }
    }

    [Theory]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    [InlineData("{\"error\":{\"error\":{\"error\":null}}}")]
    [InlineData("{\"error\":[1,2,{\"code\":{}}]}")]
    [InlineData("\u0000\uFFFD\u0007")]
    public void A_strange_body_is_read_without_trouble(string body) => Assert.Equal(Causes.ServerError, Of(500, body).Cause);

    private static HttpFault Of(int status, string body, params (string Name, string Value)[] headers) =>
        HttpFaults.OfAnswer((HttpStatusCode)status, name => headers.FirstOrDefault(h => h.Name == name).Value, body, Now);
}
