namespace PSRunner.Engine.Scheduling;

/// <summary>How many results may be on their way before nothing new starts, so that neither a slow disk nor a slow reader fills the memory.</summary>
/// <param name="Journal">Results that ended and are not durable.</param>
/// <param name="Consumer">Durable results that the reader did not take.</param>
internal sealed record Credits(int Journal, int Consumer)
{
    /// <summary>Enough to go on through a flush of some 40 ms at 100,000 results a second.</summary>
    public static Credits Usual { get; } = new(4096, 4096);
}
