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

/// <summary>A tag that was written and could not be read without guessing.</summary>
/// <param name="Kind">Which tag.</param>
/// <param name="Fragment">What was in it, at most 200 characters.</param>
/// <param name="Reason">Why it was not read, in words that can be shown to the model.</param>
internal sealed record UnreadableAction(ActionKind Kind, string Fragment, string Reason);

/// <summary>What one reply asks for.</summary>
/// <param name="Actions">In the order of the reply; at most <see cref="ReplyParser.MaxActions"/>.</param>
/// <param name="Unreadable">In the order of the reply; at most <see cref="ReplyParser.MaxActions"/>.</param>
/// <param name="ParseGaps">How many of <paramref name="Actions"/> a parser that insists on the closing tag would not have seen.</param>
internal sealed record ParsedReply(
    IReadOnlyList<AgentAction> Actions,
    IReadOnlyList<UnreadableAction> Unreadable,
    int ParseGaps);
