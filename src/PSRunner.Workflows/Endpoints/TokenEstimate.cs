using Microsoft.Extensions.AI;

namespace PSRunner.Workflows.Endpoints;

/// <summary>How many tokens a text is about, and what a provider says of it.</summary>
internal static class TokenEstimate
{
    private const double CharsPerToken = 4;

    /// <summary>Tokens of so many characters.</summary>
    public static double Of(long chars) => chars / CharsPerToken;

    /// <summary>Tokens of a conversation.</summary>
    public static double Of(IEnumerable<ChatMessage> messages) => Of(messages.SelectMany(m => m.Contents).Sum(CharsOf));

    /// <summary>Characters of a part of a conversation.</summary>
    public static long CharsOf(AIContent content) => content switch
    {
        TextContent text => text.Text.Length,
        TextReasoningContent thought => thought.Text.Length,
        FunctionCallContent call => call.Name.Length + (call.Arguments?.Sum(a => a.Key.Length + (long)(a.Value?.ToString()?.Length ?? 0)) ?? 0),
        FunctionResultContent result => result.Result?.ToString()?.Length ?? 0,
        _ => 0,
    };

    /// <summary>A number of tokens as a provider said it; NaN when it did not, as by 0: no request and no reply is nothing.</summary>
    public static double Known(long? tokens) => tokens > 0 ? tokens.Value : double.NaN;

    /// <summary>Tokens of a request and its reply as the provider said them; null when it did not.</summary>
    public static double? Total(UsageDetails? usage)
    {
        var (total, parts) = (Known(usage?.TotalTokenCount), Known(usage?.InputTokenCount) + Known(usage?.OutputTokenCount));
        return double.IsNaN(total) && double.IsNaN(parts) ? null : double.MaxNumber(total, parts);
    }
}
