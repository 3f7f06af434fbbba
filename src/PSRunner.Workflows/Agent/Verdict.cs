namespace PSRunner.Workflows.Agent;

/// <summary>How a workflow case ended. This is the one place that says what Passed means.</summary>
/// <param name="Cause">A word of <see cref="Causes"/>; empty: passed.</param>
/// <param name="Message">Why, in words.</param>
/// <remarks>
/// A case is Passed when its task was completed (<see cref="Tasks.TaskCompletion"/>): every required tool succeeded, each
/// after the required ones it depends on. Nothing else counts: not what the model says, not how close it came, not the
/// scores. A conversation that ended without that is, in this order:
/// <list type="number">
/// <item>the provider's fault, when a request gave no usable reply;</item>
/// <item><c>parse-gap</c>, when the model tried to call and not one of its calls could be read; one that names a tool that
/// there is not was read;</item>
/// <item><c>wrong-answer</c>, when the model said it was done;</item>
/// <item><c>incomplete</c>, when it stopped acting;</item>
/// <item><c>turn-limit</c>, when its turns were used up.</item>
/// </list>
/// </remarks>
internal sealed record Verdict(string Cause, string Message)
{
    /// <summary>The verdict on a conversation.</summary>
    /// <param name="conversation">What happened.</param>
    /// <param name="completed">Whether the task was completed.</param>
    /// <param name="missing">The required tools that are not done.</param>
    public static Verdict On(Conversation conversation, bool completed, IReadOnlyList<string> missing)
    {
        if (completed)
        {
            return new Verdict(Causes.None, "");
        }

        if (conversation.Fault is { } fault)
        {
            return new Verdict(fault.Cause, fault.Message);
        }

        var open = $"not done: {string.Join(", ", missing)}";
        if (conversation.Runs.Count == 0 && conversation.Counts is { UnreadableCalls: > 0, UnknownTools: 0 } && conversation.End != ConversationEnd.Canceled)
        {
            return new Verdict(Causes.ParseGap, $"none of {conversation.Counts.UnreadableCalls} calls could be read; {open}");
        }

        return conversation.End switch
        {
            ConversationEnd.Claimed => new Verdict(Causes.WrongAnswer, $"said it was done; {open}"),
            ConversationEnd.StoppedActing => new Verdict(Causes.Incomplete, $"stopped acting; {open}"),
            ConversationEnd.TurnLimit => new Verdict(Causes.TurnLimit, $"{conversation.Counts.Turns} turns used; {open}"),

            // The conductor knows why it canceled and overrules this.
            _ => new Verdict(Causes.TestTimeout, $"cut off in turn {conversation.Counts.Turns + 1}; {open}"),
        };
    }
}
