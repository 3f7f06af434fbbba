namespace PSRunner.Workflows.Cases;

/// <summary>A text of the user.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsTemplate">True: its placeholders are filled; false: it is data and taken as it is.</param>
public readonly record struct GivenText(string Text, bool IsTemplate);

/// <summary>What is the same for all plain prompts of a command.</summary>
public sealed record PromptCaseOptions
{
    /// <summary>A full path, from which paths of schemas are read.</summary>
    public required string CurrentFolder { get; init; }

    /// <summary>Parameters that are the same for all cases.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Parameters { get; init; } = [];

    /// <summary>Lists of values to cross, the first name varying slowest.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<object?>>> Matrix { get; init; } = [];

    /// <summary>Seconds a case may take; NaN: the batch's limit.</summary>
    public double TestTimeoutSeconds { get; init; } = double.NaN;

    /// <summary>Free words to select results by.</summary>
    public IReadOnlyList<string> Tag { get; init; } = [];

    /// <summary>How often each case runs.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Retries of the engine; null: the batch's count.</summary>
    public int? RetryCount { get; init; }

    /// <summary>What the cases compete for; null: the model's endpoint.</summary>
    public string? Resource { get; init; }
}

/// <summary>One prompt, of which come as many cases as there are models and combinations of the matrix.</summary>
public sealed record PromptRow
{
    /// <summary>Names of models; wildcards.</summary>
    public IReadOnlyList<string> Model { get; init; } = [];

    /// <summary>What is asked; needed.</summary>
    public GivenText? Prompt { get; init; }

    /// <summary>What the model is told first.</summary>
    public GivenText? System { get; init; }

    /// <summary>What tables show; the beginning of the prompt when not given.</summary>
    public GivenText? Name { get; init; }

    /// <summary>What was expected, by <see cref="Expectations.ExpectationKinds"/>: exactly one is needed. Of a script it is the JSON that will run it.</summary>
    public IReadOnlyList<KeyValuePair<string, GivenText>> Expected { get; init; } = [];

    /// <summary>Values for placeholders; those that are no part of the case itself become its parameters.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Values { get; init; } = [];
}
