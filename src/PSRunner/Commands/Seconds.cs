namespace PSRunner.Commands;

/// <summary>The range of parameters that take seconds.</summary>
internal static class Seconds
{
    /// <summary>A millisecond: anything shorter is noise of the clock.</summary>
    public const double Least = 0.001;

    /// <summary>Ten years.</summary>
    public const double Most = 10.0 * 365 * 86_400;
}
