namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>What a provider counted when it turned a request away for load.</summary>
internal enum RefusalScope
{
    /// <summary>It did not say.</summary>
    Unknown,

    /// <summary>Requests.</summary>
    Requests,

    /// <summary>Tokens.</summary>
    Tokens,
}
