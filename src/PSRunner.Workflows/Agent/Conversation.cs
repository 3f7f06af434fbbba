using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Agent;

/// <summary>Why a conversation ended.</summary>
internal enum ConversationEnd
{
    /// <summary>Canceled from outside, by a limit or a stop.</summary>
    Canceled,

    /// <summary>The task was completed.</summary>
    Completed,

    /// <summary>The model said that it was done, and it was not.</summary>
    Claimed,

    /// <summary>The model sent several messages in a row without any action.</summary>
    StoppedActing,

    /// <summary>All turns were used.</summary>
    TurnLimit,

    /// <summary>The one reply that was asked for came.</summary>
    Answered,

    /// <summary>The provider gave no usable reply.</summary>
    ProviderFault,
}

/// <summary>One message, as it was sent or received.</summary>
/// <param name="Turn">0 for what the model was given at the start.</param>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Text">Its text; native function calls as one JSON line each.</param>
internal sealed record SpokenMessage(int Turn, string Role, string Text);

/// <summary>One tool run and what led to it.</summary>
/// <param name="Turn">The turn that asked for it.</param>
/// <param name="Arguments">As JSON object text; null when there were none or they could not be read.</param>
/// <param name="Run">How it went.</param>
internal sealed record RequestedRun(int Turn, string? Arguments, ToolRun Run);

/// <summary>All that happened between model and tools in one attempt; what is judged.</summary>
internal sealed class Conversation
{
    /// <summary>Messages in their order.</summary>
    public List<SpokenMessage> Messages { get; init; } = [];

    /// <summary>Tool runs in their order.</summary>
    public List<RequestedRun> Runs { get; init; } = [];

    /// <summary>Counts of what happened.</summary>
    public ConversationCounts Counts { get; init; } = new();

    /// <summary>Why it ended.</summary>
    public ConversationEnd End { get; set; } = ConversationEnd.Canceled;

    /// <summary>The provider's fault; null when it had none.</summary>
    public ProviderFault? Fault { get; set; }
}

/// <summary>Counts of what happened in a conversation. Four kinds of trouble are counted apart: see <c>Scoring/ScoreCard</c>.</summary>
internal sealed record ConversationCounts
{
    /// <summary>Replies received and read.</summary>
    public int Turns { get; set; }

    /// <summary>Requests sent.</summary>
    public int Requests { get; set; }

    /// <summary>Searches carried out.</summary>
    public int Searches { get; set; }

    /// <summary>Descriptions shown.</summary>
    public int Infos { get; set; }

    /// <summary>Replies that said the task was done.</summary>
    public int Claims { get; set; }

    /// <summary>Calls of tools that there are not.</summary>
    public int UnknownTools { get; set; }

    /// <summary>Calls that could not be read.</summary>
    public int UnreadableCalls { get; set; }

    /// <summary>Actions of any kind that could not be read.</summary>
    public int UnreadableActions { get; set; }

    /// <summary>Actions that a parser which compares tags to the letter and insists on closing ones would have missed.</summary>
    public int ParseGaps { get; set; }

    /// <summary>Actions not carried out because they were not the first of their message.</summary>
    public int IgnoredActions { get; set; }

    /// <summary>Help texts sent; the old runner called a test with any "assisted".</summary>
    public int HelpReplies { get; set; }

    /// <summary>Characters sent, every request with its whole history.</summary>
    public long InputChars { get; set; }

    /// <summary>Characters received.</summary>
    public long OutputChars { get; set; }
}
