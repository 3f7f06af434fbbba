namespace PSRunner;

/// <summary>The words for how a case ended. Words, not an enum: PowerShell would take numbers for an enum's members.</summary>
public static class Outcomes
{
    /// <summary>The test did what it should.</summary>
    public const string Passed = "Passed";

    /// <summary>The test ran to its end and what it judges was wrong. The only negative verdict that is scored.</summary>
    public const string Failed = "Failed";

    /// <summary>No verdict: the test, its provider or the harness broke.</summary>
    public const string Errored = "Errored";

    /// <summary>No verdict: a limit ended the attempt.</summary>
    public const string TimedOut = "TimedOut";

    /// <summary>No verdict: the process that ran the test died.</summary>
    public const string Crashed = "Crashed";

    /// <summary>Not run, on purpose.</summary>
    public const string Skipped = "Skipped";

    /// <summary>All outcomes, in the order in which counts are shown.</summary>
    public static IReadOnlyList<string> All { get; } = [Passed, Failed, Errored, TimedOut, Crashed, Skipped];
}

/// <summary>Whose fault it was that a case did not pass.</summary>
public static class FaultDomains
{
    /// <summary>The test itself, or the code it runs.</summary>
    public const string Test = "Test";

    /// <summary>The model that was judged.</summary>
    public const string Model = "Model";

    /// <summary>The model API, the network, the account.</summary>
    public const string Provider = "Provider";

    /// <summary>PSRunner or the machine it runs on.</summary>
    public const string Harness = "Harness";
}
