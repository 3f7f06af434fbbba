namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>What the limits of a key are now and how they came to be: for progress and for the batch's record.</summary>
/// <param name="RequestsPerSecond">The rate in force; infinity: none.</param>
/// <param name="TokensPerSecond">The rate in force; infinity: none.</param>
/// <param name="MaxInFlight">The cap in force.</param>
/// <param name="InFlight">Requests under way.</param>
/// <param name="HeldFor">How long the provider asked to hold the key from now.</param>
/// <param name="Started">Requests started.</param>
/// <param name="Refused">Requests that the provider turned away for load.</param>
/// <param name="Cuts">Times a rate or the cap was cut.</param>
internal sealed record RateSnapshot(
    double RequestsPerSecond,
    double TokensPerSecond,
    int MaxInFlight,
    int InFlight,
    TimeSpan HeldFor,
    long Started,
    long Refused,
    long Cuts);
