using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Models;

/// <summary>Seconds that a reply takes: one of two log-normal distributions.</summary>
/// <param name="FastShare">The share of the first, 0 to 1.</param>
/// <param name="FastMu">Mean of the logarithm of seconds in the first.</param>
/// <param name="FastSigma">Its standard deviation.</param>
/// <param name="SlowMu">The same for the second.</param>
/// <param name="SlowSigma">The same for the second.</param>
/// <remarks>
/// Fitted by expectation maximisation (two components, 300 rounds) to the logarithms of seconds per turn (duration by
/// turns) of recorded tests that had turns and did not end on a limit; how many is said at each. Quantiles 10, 50, 90,
/// 99 %, recorded and fitted: large 1.2/4.8/35/87 and 1.2/5.2/36/106; medium 1.7/4.0/14/24 and 1.7/3.9/14/26; small
/// 1.1/1.4/2.9/4.3 and 1.1/1.4/3.0/4.6. The two components of the large ones are the model and the queue before it.
/// </remarks>
internal sealed record Latency(double FastShare, double FastMu, double FastSigma, double SlowMu, double SlowSigma)
{
    /// <summary>DeepSeek-V3 and Llama-3.3-70B, 4,151 tests.</summary>
    public static readonly Latency LikeLargeModels = new(0.416, 0.331, 0.265, 2.665, 0.955);

    /// <summary>Qwen2.5-72B, 1,589 tests.</summary>
    public static readonly Latency LikeMediumModels = new(0.694, 1.072, 0.491, 2.413, 0.460);

    /// <summary>Qwen2.5-3B to 32B, 4,370 tests.</summary>
    public static readonly Latency LikeSmallModels = new(0.617, 0.256, 0.141, 0.869, 0.333);

    /// <summary>No reply is drawn longer than this; the longest recorded test took 777 s a turn.</summary>
    private const double MostSeconds = 800;

    /// <summary>Draws the seconds of one reply.</summary>
    public double Draw(SeededRandom random)
    {
        var fast = random.NextDouble() < FastShare;

        // Box and Muller; 1 - u is never 0.
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return Math.Min(MostSeconds, Math.Exp((fast ? FastMu : SlowMu) + ((fast ? FastSigma : SlowSigma) * normal)));
    }
}
