namespace PSRunner.Engine.Execution;

/// <summary>How an attempt ended, as its executor saw it.</summary>
public sealed record AttemptReport
{
    /// <summary>A word of <see cref="Causes"/>; empty: passed. The outcome and the blame follow from it.</summary>
    public string Cause { get; init; } = Causes.None;

    /// <summary>0 to 1; NaN when nothing was judged.</summary>
    public double Score { get; init; } = double.NaN;

    /// <summary>
    /// True when the executor gives a score and no verdict: the batch's PassScore then decides between passed and
    /// <see cref="Causes.WrongAnswer"/>. Only read when <see cref="Cause"/> is empty.
    /// </summary>
    public bool ScoreDecides { get; init; }

    /// <summary>Why, in words.</summary>
    public string Message { get; init; } = "";

    /// <summary>What the test wrote; the store bounds it.</summary>
    public string Output { get; init; } = "";

    /// <summary>Declared metrics by name (<see cref="ITestExecutor.Metrics"/>); undeclared ones are kept as JSON.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = System.Collections.Frozen.FrozenDictionary<string, double>.Empty;

    /// <summary>Files to keep beside the result, subject to the batch's artifact rule.</summary>
    public IReadOnlyList<Artifact> Artifacts { get; init; } = [];

    /// <summary>How long the provider asked to wait before the next try; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>A file that belongs to an attempt.</summary>
/// <param name="FileName">A plain file name.</param>
/// <param name="Content">The bytes, at most a few MB; bigger things are written by the executor itself.</param>
public sealed record Artifact(string FileName, ReadOnlyMemory<byte> Content)
{
    /// <summary>True for what belongs to the result itself: kept whatever the batch's artifact rule says.</summary>
    public bool Always { get; init; }
}
