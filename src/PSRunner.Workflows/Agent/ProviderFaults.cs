using System.Net;
using Polly.Timeout;

namespace PSRunner.Workflows.Agent;

/// <summary>Why a request gave no usable reply.</summary>
/// <param name="Cause">A word of <see cref="Causes"/>.</param>
/// <param name="Message">What happened, for people.</param>
/// <param name="RetryAfter">How long the provider asked to wait; null when it did not say.</param>
internal sealed record ProviderFault(string Cause, string Message, TimeSpan? RetryAfter = null);

/// <summary>The one place that turns what a request threw or returned into a cause.</summary>
internal static class ProviderFaults
{
    /// <summary>The share of control characters from which a reply is no text.</summary>
    private const double GarbageShare = 0.1;

    /// <summary>The fault behind an exception; null when it is none of the provider's, so that it goes on as an error of ours.</summary>
    public static ProviderFault? Of(Exception error) => error switch
    {
        ProviderException known => new(known.Cause, known.Message, known.RetryAfter),
        TimeoutRejectedException late => new(Causes.NoReply, $"No reply within the request limit of {late.Timeout.TotalSeconds:0.###} s."),
        HttpRequestException { StatusCode: { } status } refused => new(OfStatus(status), refused.Message),
        HttpRequestException broken => new(Causes.Connection, broken.Message),
        IOException broken => new(Causes.Connection, broken.Message),
        System.Text.Json.JsonException strange => new(Causes.GarbageReply, $"The reply is no JSON: {strange.Message}"),
        OperationCanceledException => new(Causes.NoReply, "The client gave the request up."),
        _ => null,
    };

    /// <summary>The cause of an HTTP status that is not 2xx.</summary>
    public static string OfStatus(HttpStatusCode status) => (int)status switch
    {
        401 or 403 => Causes.Auth,
        402 => Causes.Quota,
        429 => Causes.Throttled,
        408 => Causes.NoReply,
        >= 500 => Causes.ServerError,
        _ => Causes.BadRequest,
    };

    /// <summary>What is wrong with a reply that came; null when it can be read.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="calls">Its native function calls.</param>
    /// <param name="isUnwrapped">True when it came out of a proper answer, so that a web page in it is the model's.</param>
    public static ProviderFault? OfReply(string text, int calls, bool isUnwrapped = false)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return calls > 0 ? null : new(Causes.EmptyReply, "The reply is empty.");
        }

        var start = text.AsSpan().TrimStart();
        if (!isUnwrapped && (start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase)))
        {
            return new(Causes.GarbageReply, "The reply is a web page, not a model's answer.");
        }

        var strange = text.Count(c => c == '\uFFFD' || (char.IsControl(c) && c is not ('\n' or '\r' or '\t')));
        return strange > text.Length * GarbageShare ? new(Causes.GarbageReply, "The reply is binary, not text.") : null;
    }
}
