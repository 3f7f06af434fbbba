namespace PSRunner.Workflows.Agent;

/// <summary>A model endpoint gave no usable reply. Thrown by chat clients of ours, which know the cause.</summary>
internal sealed class ProviderException : Exception
{
    /// <param name="cause">A word of <see cref="Causes"/> whose fault domain is the provider.</param>
    /// <param name="message">What happened, for people.</param>
    /// <param name="retryAfter">How long the provider asked to wait; null when it did not say.</param>
    /// <param name="inner">What the transport said.</param>
    public ProviderException(string cause, string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner)
    {
        Cause = cause;
        RetryAfter = retryAfter;
    }

    /// <summary>A word of <see cref="Causes"/>.</summary>
    public string Cause { get; }

    /// <summary>True when the provider said it, false when it was found out by waiting or by a connection that broke.</summary>
    public bool IsAnswer { get; init; }

    /// <summary>How long the provider asked to wait.</summary>
    public TimeSpan? RetryAfter { get; }
}
