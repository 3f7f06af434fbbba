namespace PSRunner.Engine.Scheduling;

/// <summary>How long a case waits before it is tried again: doubling from 1 s to 60 s, spread by half, never less than the provider asked.</summary>
internal static class Backoff
{
    private const double FirstSeconds = 1;
    private const double LongestSeconds = 60;

    /// <summary>A provider may ask for hours; beyond this the case is tried anyway.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>The wait before the next try. The same case and attempt always wait equally long.</summary>
    /// <param name="index">The case's place in the plan.</param>
    /// <param name="attempt">The attempt that ended.</param>
    /// <param name="retries">Retries before this one.</param>
    /// <param name="retryAfter">What the provider asked for; null: nothing.</param>
    public static TimeSpan Wait(int index, int attempt, int retries, TimeSpan? retryAfter)
    {
        var wait = TimeSpan.FromSeconds(FullSeconds(retries) * (0.5 + (0.5 * UnitOf(index, attempt))));
        var asked = retryAfter > LongestRetryAfter ? LongestRetryAfter : retryAfter;
        return asked > wait ? asked.Value : wait;
    }

    /// <summary>The longest of so many waits.</summary>
    /// <param name="retries">How often a case is tried again.</param>
    /// <param name="isAsked">True when a provider may ask for more.</param>
    public static TimeSpan Longest(int retries, bool isAsked) => isAsked ? LongestRetryAfter : TimeSpan.FromSeconds(FullSeconds(retries - 1));

    private static double FullSeconds(int retries) => Math.Min(FirstSeconds * Math.Pow(2, Math.Min(retries, 30)), LongestSeconds);

    // SplitMix64 (Steele, Lea, Flood 2014): evenly spread bits from a counter, without a generator to keep.
    private static double UnitOf(int index, int attempt)
    {
        var z = (((ulong)(uint)index << 32) | (uint)attempt) + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
