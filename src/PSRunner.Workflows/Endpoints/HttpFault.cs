using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>Why an HTTP request to a model gave no usable reply.</summary>
/// <param name="Cause">A word of <see cref="Causes"/>.</param>
/// <param name="Message">What happened, for people.</param>
internal sealed record HttpFault(string Cause, string Message)
{
    /// <summary>How long the provider asked to wait, capped; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when the provider said it, false when it was found out by waiting or by a connection that broke.</summary>
    public bool IsAnswer { get; init; }

    /// <summary>What was counted, when the provider refused for load.</summary>
    public RefusalScope Scope { get; init; }
}
