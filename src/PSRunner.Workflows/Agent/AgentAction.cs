namespace PSRunner.Workflows.Agent;

/// <summary>What a model can ask for in a reply.</summary>
internal enum ActionKind
{
    /// <summary>Look for tools by words.</summary>
    Search,

    /// <summary>Show one tool in full.</summary>
    Info,

    /// <summary>Run one tool.</summary>
    Call,
}

/// <summary>One thing a model asked for.</summary>
/// <param name="Kind">What.</param>
/// <param name="Text">The exact name of a known tool; for a search its words.</param>
/// <param name="Arguments">The arguments of a call as JSON object text; null when it has none or they could not be read.</param>
/// <param name="Start">Where its tag begins in the reply.</param>
/// <param name="CallId">The id of a native function call; null when it was written as a tag.</param>
internal sealed record AgentAction(ActionKind Kind, string Text, string? Arguments = null, int Start = 0, string? CallId = null);

/// <summary>Something a model asked for that cannot be done: it could not be read without guessing, or names a tool that there is not.</summary>
/// <param name="Kind">What it was to be.</param>
/// <param name="Fragment">What it said, at most 200 characters.</param>
/// <param name="Reason">Why it cannot be done, in words that can be shown to the model.</param>
/// <param name="IsUnknownTool">True: it was read, and its tool does not exist, which is the model's mistake.</param>
internal sealed record RefusedAction(ActionKind Kind, string Fragment, string Reason, bool IsUnknownTool = false);

/// <summary>What one reply asks for.</summary>
/// <param name="Actions">In the order of the reply; at most <see cref="ReplyParser.MaxActions"/>.</param>
/// <param name="Refused">In the order of the reply; at most <see cref="ReplyParser.MaxActions"/>.</param>
/// <param name="ParseGaps">How many of <paramref name="Actions"/> a parser that compares tags to the letter and insists on closing ones would not have seen.</param>
internal sealed record ParsedReply(
    IReadOnlyList<AgentAction> Actions,
    IReadOnlyList<RefusedAction> Refused,
    int ParseGaps);
