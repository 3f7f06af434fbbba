using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.RegularExpressions;
using Polly.Timeout;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// The one place that says what an HTTP answer or a broken connection means: by the status, the codes in the body and the
/// type of the exception, in this order of trust. Words in a sentence count only where providers give no code.
/// </summary>
internal static partial class HttpFaults
{
    private const int MaxMessageChars = 300;

    /// <summary>Words are looked for in the beginning of a message: the time that takes grows with its square.</summary>
    private const int MaxSearchedChars = 2000;

    /// <summary>The cause of an answer that is no success.</summary>
    /// <param name="status">The HTTP status; 200 for an answer that carries an error in its body.</param>
    /// <param name="headers">Finds a header's value by its name; null when there is none.</param>
    /// <param name="body">The body as text.</param>
    /// <param name="now">The time, against which dates in headers are read.</param>
    /// <param name="redact">Takes what must not be seen out of a text, before it is cut; null: there is nothing.</param>
    public static HttpFault OfAnswer(HttpStatusCode status, Func<string, string?> headers, string body, DateTimeOffset now, Func<string, string>? redact = null)
    {
        var error = ErrorBody.Read(body);
        var cause = Cause((int)status, error, body);
        var message = $"HTTP {(int)status}: {Short(error.Message, redact)}";
        return new HttpFault(cause, message)
        {
            IsAnswer = true,
            RetryAfter = cause is Causes.Throttled or Causes.ServerError or Causes.NoReply ? RetryHints.RetryAfter(headers, cause == Causes.Throttled ? error.Message : "", now) : null,
            Scope = cause == Causes.Throttled ? RetryHints.Scope(headers, error.Message, now) : RefusalScope.Unknown,
        };
    }

    /// <summary>The cause of an exception of the transport; null when it is not the provider's.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="redact">Takes what must not be seen out of a text, before it is cut; null: there is nothing.</param>
    public static HttpFault? OfException(Exception error, Func<string, string>? redact = null) => error switch
    {
        TimeoutRejectedException late => new(Causes.NoReply, $"No reply within {late.Timeout.TotalSeconds:0.###} s."),
        TimeoutException or OperationCanceledException { InnerException: TimeoutException } => new(Causes.NoReply, Short(error.Message, redact)),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => new(Causes.GarbageReply, Short(error.Message, redact)),
        HttpRequestException { HttpRequestError: HttpRequestError.UserAuthenticationError } => new(Causes.Auth, Short(error.Message, redact)),
        HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse } => new(Causes.GarbageReply, Short(error.Message, redact)),
        HttpRequestException or IOException or SocketException or AuthenticationException => new(Causes.Connection, Short(Deepest(error), redact)),
        JsonException => new(Causes.GarbageReply, $"The reply is no JSON of a chat completion: {Short(error.Message, redact)}"),
        _ => null,
    };

    /// <summary>What the client library threw over a reply that it could not make sense of: an unknown role, a number that is none.</summary>
    public static HttpFault OfReading(Exception error, Func<string, string> redact) =>
        new(Causes.GarbageReply, $"The reply could not be read: {error.GetType().Name}: {Short(error.Message, redact)}");

    private static string Cause(int status, ErrorBody error, string body)
    {
        // An answer whose body names another status is that answer: gateways wrap them.
        var inner = status is 200 or 400 or 500 ? InnerStatus(error) ?? status : status;
        return inner switch
        {
            402 => Causes.Quota,
            407 => Causes.Auth,
            529 => Causes.Throttled,
            >= 300 and < 400 => Causes.GarbageReply,
            >= 200 and < 300 when string.IsNullOrWhiteSpace(body) => Causes.EmptyReply,
            >= 200 and < 300 when !error.IsError => Causes.GarbageReply,
            408 => Causes.NoReply,
            _ => ByCode(error) ?? ByWords(inner, error.Message) ?? ByStatus(inner),
        };
    }

    private static string? ByCode(ErrorBody error)
    {
        foreach (var (codes, cause) in Coded())
        {
            if (error.Codes.Any(code => codes.IsMatch(code)))
            {
                return cause;
            }
        }

        return null;
    }

    /// <summary>The order matters: a quota that is used up comes as 429 with the words of a rate limit beside it.</summary>
    private static IEnumerable<(Regex Codes, string Cause)> Coded() =>
    [
        (QuotaCodes(), Causes.Quota),
        (ThrottleCodes(), Causes.Throttled),
        (AuthCodes(), Causes.Auth),
        (RefusedCodes(), Causes.Refused),
        (RequestCodes(), Causes.BadRequest),
    ];

    private static string? ByWords(int status, string message) => WordsIn(status, message.Length <= MaxSearchedChars ? message : message[..MaxSearchedChars]);

    private static string? WordsIn(int status, string message) => status switch
    {
        400 or 403 or 429 when QuotaWords().IsMatch(message) => Causes.Quota,
        200 or 400 or 403 or 500 or 503 when ThrottleWords().IsMatch(message) => Causes.Throttled,
        200 or 400 when AuthWords().IsMatch(message) => Causes.Auth,
        400 or 403 or 451 when RefusedWords().IsMatch(message) => Causes.Refused,
        _ => null,
    };

    private static string ByStatus(int status) => status switch
    {
        401 or 403 => Causes.Auth,
        429 => Causes.Throttled,
        451 => Causes.Refused,
        >= 500 => Causes.ServerError,
        >= 400 => Causes.BadRequest,
        _ => Causes.ServerError, // A success whose body is an error of no known kind.
    };

    private static int? InnerStatus(ErrorBody error) =>
        error.Codes.Select(code => int.TryParse(code, out var number) && number is >= 400 and < 600 ? number : (int?)null).FirstOrDefault(n => n is not null);

    private static string Deepest(Exception error)
    {
        var outer = error.Message.Replace(", see inner exception", "", StringComparison.Ordinal);
        return error.InnerException is { } inner && !outer.Contains(inner.Message.TrimEnd('.'), StringComparison.Ordinal) ? $"{outer} {inner.Message}" : outer;
    }

    private static string Short(string text, Func<string, string>? redact)
    {
        var line = Spaces().Replace(redact?.Invoke(text) ?? text, " ").Trim();
        return line.Length <= MaxMessageChars ? line : line[..MaxMessageChars] + "...";
    }

    // Control characters, too: a terminal would obey them.
    [GeneratedRegex(@"[\s\p{Cc}]+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^(insufficient_quota|insufficient_balance|billing_hard_limit_reached|billing_not_active|billing_error|access_terminated|Arrearage|credit.*exhausted|quota_?exhausted|account_overdue.*)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex QuotaCodes();

    [GeneratedRegex(@"^(rate_?limit.*|.*rate_limit_(error|exceeded|reached)|too_?many_?requests|RESOURCE_EXHAUSTED|throttl.*|.*overloaded.*|MPE-?429|PL-?002|limit_requests|limit_burst_rate)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ThrottleCodes();

    [GeneratedRegex(@"^(invalid_?api_?key|incorrect_?api_?key|api_key_invalid|authentication_error|unauthenticated|unauthorized|permission_error|permission_?denied|invalid_authentication|access_?denied)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AuthCodes();

    [GeneratedRegex(@"^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|data_?inspection_?failed|unsupported_country_region_territory|prohibited_content)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RefusedCodes();

    [GeneratedRegex(@"^(model_not_found|deployment_?not_?found|context_length_exceeded|unsupported_parameter|unsupported_value|invalid_?parameter|not_found_error)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RequestCodes();

    [GeneratedRegex(@"exceeded your current quota|(credit|account)s?[\s-]+balance\s+(is\s+)?(too low|insufficient)|insufficient\s+(account\s+)?(balance|credits?|funds)|(credits?|quota)\s+(is\s+|are\s+|has been\s+|have been\s+)?(exhausted|used up|depleted)|spend(ing)?[\s-]+(limit|cap)|余额不足|欠费|额度已用", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex QuotaWords();

    [GeneratedRegex(@"rate[\s_-]*limit(ed|ing)?\b.{0,40}\b(exceed|reach|hit|trigger)|(exceed|reach|hit|trigger)\w*\b.{0,60}\brate[\s_-]*limit|rate[\s-]*limited|too many requests|\bMPE-?429\b|\bPL-?002\b|\bthrottl(ed|ing)\b|限流|请求过于频繁|请求频率|并发.{0,6}(超|上限)|overloaded", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ThrottleWords();

    [GeneratedRegex(@"(invalid|incorrect|wrong|missing|expired|revoked)\s+(api[\s_-]*key|key|credentials?|token\s*([.!,;(]|$|provided|supplied))|api[\s_-]*key\s+(\S+\s+)?(is\s+)?(not\s+valid|invalid|incorrect|expired|revoked|missing)|(密钥|api\s*key|ak).{0,6}(无效|错误|过期)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AuthWords();

    [GeneratedRegex(@"content (management )?polic(y|ies)|content[\s_]filter|safety (system|polic)|region.{0,20}not supported|内容安全|敏感内容", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RefusedWords();
}
