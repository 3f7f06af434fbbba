namespace PSRunner.Workflows.Tools;

/// <summary>How likely a simulated tool succeeds: the old runner's formula, checked there against 33,519 recorded runs.</summary>
/// <remarks>
/// rate x 0.5^(dependencies that have not succeeded yet) x 0.7 when the latest run of any dependency failed
/// x 0.9^(failures among the last three runs, once there are three), kept within 0.1 and 0.95.
/// Simulator and planner both take it from here.
/// </remarks>
internal static class ToolOdds
{
    /// <summary>The number of latest runs whose failures count.</summary>
    public const int Window = 3;

    private const double Least = 0.1, Most = 0.95;

    /// <param name="rate">The nominal success rate, 0 to 1.</param>
    /// <param name="unmetDependencies">Dependencies of the tool that have not succeeded in this test.</param>
    /// <param name="dependencyFailedLast">True when the latest run of any dependency failed.</param>
    /// <param name="runs">Tool runs of the test so far.</param>
    /// <param name="recentFailures">Failures among its last three runs.</param>
    public static double Probability(double rate, int unmetDependencies, bool dependencyFailedLast, int runs, int recentFailures)
    {
        var probability = rate;
        for (var i = 0; i < unmetDependencies; i++)
        {
            probability *= 0.5;
        }

        if (dependencyFailedLast)
        {
            probability *= 0.7;
        }

        for (var i = 0; runs >= Window && i < recentFailures; i++)
        {
            probability *= 0.9;
        }

        return Math.Clamp(probability, Least, Most);
    }
}
