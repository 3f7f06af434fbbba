namespace PSRunner.Workflows.Scoring;

/// <summary>
/// The metrics of a workflow result. Four kinds of trouble are counted apart: what the simulated tools did
/// (<see cref="EnvironmentErrors"/>), what the model did wrong (<see cref="ModelMistakes"/>), what could not or could only
/// tolerantly be read (<see cref="UnreadableActions"/>, <see cref="ParseGaps"/>), and the provider
/// (<see cref="ProviderErrors"/>).
/// </summary>
internal static class MetricNames
{
    /// <summary>1 when every required tool succeeded after the required ones it depends on, else 0.</summary>
    public const string TaskCompleted = "TaskCompleted";

    /// <summary>Required tools that succeeded at any time, as a share of them.</summary>
    public const string Coverage = "Coverage";

    /// <summary>How closely the correct plan was followed, 0 to 1.</summary>
    public const string Adherence = "Adherence";

    /// <summary>The old adherence, 0 to 0.92.</summary>
    public const string WorkflowScore = "WorkflowScore";

    /// <summary>The old phase 2 score, 0 to 0.902.</summary>
    public const string Phase2Score = "Phase2Score";

    /// <summary>The old quality score, 0 to 0.804.</summary>
    public const string QualityScore = "QualityScore";

    /// <summary>The old level: 0 failure, 0.5 partial success, 1 full success.</summary>
    public const string LevelOld = "LevelOld";

    /// <summary>Replies received.</summary>
    public const string Turns = "Turns";

    /// <summary>Requests sent.</summary>
    public const string Requests = "Requests";

    /// <summary>Tool searches carried out.</summary>
    public const string Searches = "Searches";

    /// <summary>Calls attempted: tool runs, calls of tools that there are not and calls that could not be read.</summary>
    public const string Calls = "Calls";

    /// <summary>Calls that did not succeed, for whatever reason.</summary>
    public const string FailedCalls = "FailedCalls";

    /// <summary>Tool runs that the simulator let fail.</summary>
    public const string EnvironmentErrors = "EnvironmentErrors";

    /// <summary>Calls that could not help: of tools that there are not, needless, repeated after success, or too early.</summary>
    public const string ModelMistakes = "ModelMistakes";

    /// <summary>1 when a request gave no usable reply, else 0.</summary>
    public const string ProviderErrors = "ProviderErrors";

    /// <summary>Actions that a parser which compares tags to the letter and insists on closing ones would have missed.</summary>
    public const string ParseGaps = "ParseGaps";

    /// <summary>Actions that could not be read without guessing.</summary>
    public const string UnreadableActions = "UnreadableActions";

    /// <summary>Actions not carried out because they were not the first of their message.</summary>
    public const string IgnoredActions = "IgnoredActions";

    /// <summary>Help texts sent.</summary>
    public const string HelpReplies = "HelpReplies";

    /// <summary>Characters sent, every request with its whole history.</summary>
    public const string InputChars = "InputChars";

    /// <summary>Characters received.</summary>
    public const string OutputChars = "OutputChars";

    /// <summary>Requests sent again after a fault of the provider.</summary>
    public const string Resends = "Resends";

    /// <summary>Seconds in the queue for the right to send, of all requests.</summary>
    public const string RateWaitSeconds = "RateWaitSeconds";

    /// <summary>Seconds from sending to the last byte, per reply.</summary>
    public const string SecondsPerTurn = "SecondsPerTurn";

    /// <summary>Tokens sent, as the provider counted them.</summary>
    public const string InputTokens = "InputTokens";

    /// <summary>Tokens received, as the provider counted them.</summary>
    public const string OutputTokens = "OutputTokens";

    /// <summary>What the tokens cost, by the prices of the endpoint.</summary>
    public const string Cost = "Cost";

    /// <summary>What is counted of requests, whatever is asked.</summary>
    public static IReadOnlyList<string> OfRequests { get; } = [Requests, ProviderErrors, InputChars, OutputChars];

    /// <summary>What only an endpoint can say; not measured for embedded models.</summary>
    public static IReadOnlyList<string> OfEndpoint { get; } = [Resends, RateWaitSeconds, SecondsPerTurn, InputTokens, OutputTokens, Cost];

    /// <summary>Those that judge the model; the others count what happened.</summary>
    public static IReadOnlyList<string> Judgements { get; } =
        [TaskCompleted, Coverage, Adherence, WorkflowScore, Phase2Score, QualityScore, LevelOld];

    /// <summary>All, in the order of the columns.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Judgements, Turns, Requests, Searches, Calls, FailedCalls,
        EnvironmentErrors, ModelMistakes, ProviderErrors, ParseGaps, UnreadableActions, IgnoredActions, HelpReplies, InputChars, OutputChars, .. OfEndpoint,
    ];
}
