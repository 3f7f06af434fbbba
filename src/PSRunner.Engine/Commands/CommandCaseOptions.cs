namespace PSRunner.Engine.Commands;

/// <summary>What command cases to make: one for each combination of the matrix. Texts may hold <c>{name}</c> placeholders.</summary>
public sealed record CommandCaseOptions
{
    /// <summary>A program: a full path, a path relative to <see cref="CurrentFolder"/>, or a name in PATH; needed.</summary>
    public string Command { get; init; } = "";

    /// <summary>The arguments, each passed as it is: there is no shell in between.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Names and their values; cases are the cross product.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<object?>>> Matrix { get; init; } = [];

    /// <summary>Parameters that are the same for all cases.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Parameters { get; init; } = [];

    /// <summary>
    /// Variables; null removes one. A value <c>$env:NAME</c> is a secret by name: its value is read from the runner's own
    /// variables when an attempt starts and never stored.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Environment { get; init; } = [];

    /// <summary>Where the command runs; null: a scratch folder of each attempt.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Text for the standard input; null: nothing.</summary>
    public string? StandardInput { get; init; }

    /// <summary>What tables show; null: the command line.</summary>
    public string? Name { get; init; }

    /// <summary>Where relative paths begin; a full path.</summary>
    public required string CurrentFolder { get; init; }

    /// <summary>Seconds an attempt may take; NaN: the batch's limit.</summary>
    public double TestTimeoutSeconds { get; init; } = double.NaN;

    /// <summary>Free words to select results by.</summary>
    public IReadOnlyList<string> Tag { get; init; } = [];

    /// <summary>How often each case runs.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Retries of the engine; null: the batch's count.</summary>
    public int? RetryCount { get; init; }

    /// <summary>What the cases compete for; null: nothing.</summary>
    public string? Resource { get; init; }
}
