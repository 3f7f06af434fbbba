using System.Globalization;
using System.Text.RegularExpressions;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>Reads when to come back, and how much is left, from the headers and messages of providers.</summary>
internal static partial class RetryHints
{
    // The one family says x-ratelimit-remaining-requests, the other anthropic-ratelimit-requests-remaining.
    private static readonly (RefusalScope Scope, string[] Remaining, string[] Reset)[] Counted =
    [
        .. from family in (string[])["x-ratelimit", "anthropic-ratelimit"]
           from counted in ((string Name, RefusalScope Scope)[])[("requests", RefusalScope.Requests), ("tokens", RefusalScope.Tokens)]
           select (counted.Scope,
               (string[])[$"{family}-remaining-{counted.Name}", $"{family}-{counted.Name}-remaining"],
               (string[])[$"{family}-reset-{counted.Name}", $"{family}-{counted.Name}-reset"]),
    ];

    /// <summary>How long to wait, at most <see cref="KeyRates.LongestHold"/>; null when nothing says.</summary>
    /// <param name="headers">Finds a header's value by its name; null when there is none.</param>
    /// <param name="message">The sentence of the error: some providers say the time only there.</param>
    /// <param name="now">The time, against which dates are read.</param>
    public static TimeSpan? RetryAfter(Func<string, string?> headers, string message, DateTimeOffset now) =>
        Capped(Milliseconds(headers("retry-after-ms"))
            ?? SecondsOrDate(headers("retry-after"), now)
            ?? Exhausted(headers, now)?.ResetIn
            ?? SecondsOrDate(headers("x-ratelimit-reset"), now)
            ?? FromMessage(message));

    /// <summary>What the provider counted when it refused.</summary>
    public static RefusalScope Scope(Func<string, string?> headers, string message, DateTimeOffset now)
    {
        if (Exhausted(headers, now) is { } exhausted)
        {
            return exhausted.Scope;
        }

        var (tokens, requests) = (TokensWord().IsMatch(message), RequestsWord().IsMatch(message));
        return tokens == requests ? RefusalScope.Unknown : tokens ? RefusalScope.Tokens : RefusalScope.Requests;
    }

    /// <summary>What is left of each limit that the provider names.</summary>
    public static IEnumerable<Headroom> Headrooms(Func<string, string?> headers, DateTimeOffset now)
    {
        foreach (var (scope, remaining, reset) in Counted)
        {
            if (double.TryParse(First(remaining), NumberStyles.Float, CultureInfo.InvariantCulture, out var left) && left >= 0 && SecondsOrDate(First(reset), now) is { } wait)
            {
                yield return new Headroom(scope, left, Capped(wait)!.Value);
            }
        }

        string? First(string[] names) => headers(names[0]) ?? headers(names[1]);
    }

    private static Headroom? Exhausted(Func<string, string?> headers, DateTimeOffset now) =>
        Headrooms(headers, now).Where(h => h.Remaining < 1).MaxBy(h => h.ResetIn);

    private static TimeSpan? Capped(TimeSpan? wait) =>
        wait is not { } time ? null : time < TimeSpan.Zero ? TimeSpan.Zero : time > KeyRates.LongestHold ? KeyRates.LongestHold : time;

    private static TimeSpan? Milliseconds(string? text) => Number(text) is { } number ? Seconds(number / 1000) : null;

    /// <summary>Seconds, a Unix time in seconds or milliseconds, a duration such as 1m30s, or a date.</summary>
    private static TimeSpan? SecondsOrDate(string? text, DateTimeOffset now)
    {
        const double firstUnixTime = 1e9;
        const double firstInMilliseconds = 1e12;
        if (Number(text) is { } number)
        {
            var unixTime = number >= firstInMilliseconds ? number / 1000 : number;
            return Seconds(unixTime >= firstUnixTime ? unixTime - (now.ToUnixTimeMilliseconds() / 1000.0) : number);
        }

        if (text is not null && Duration().Match(text.Trim()) is { Success: true, Length: > 0 } duration)
        {
            return Seconds((3600 * Part("h")) + (60 * Part("m")) + Part("s") + (Part("ms") / 1000));
            double Part(string name) => Number(duration.Groups[name].Value) ?? 0;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date - now : null;
    }

    private static TimeSpan? FromMessage(string message) =>
        InMessage().Match(message) is { Success: true } match && Number(match.Groups["n"].Value) is { } number
            ? Seconds(match.Groups["ms"].Success ? number / 1000 : number)
            : null;

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 86_400));

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    [GeneratedRegex(@"^(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m(?!s))?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+(?:\.\d+)?)ms)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();

    [GeneratedRegex(@"(?:try again|retry)\s+(?:in|after)\s+(?<n>\d+(?:\.\d+)?)\s*(?:(?<ms>ms|milliseconds?)|s|seconds?)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex InMessage();

    [GeneratedRegex(@"tokens?[\s_-]+(?:per|rate|limit)|\bTPM\b|token 限流", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TokensWord();

    [GeneratedRegex(@"requests?[\s_-]+(?:per|rate|limit)|\b(?:RPM|QPS|RPS)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RequestsWord();
}
