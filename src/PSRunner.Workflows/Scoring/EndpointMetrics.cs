using PSRunner.Workflows.Endpoints;

namespace PSRunner.Workflows.Scoring;

/// <summary>What the requests of an attempt tell, as metrics.</summary>
internal static class EndpointMetrics
{
    /// <summary>The metrics with those of the endpoint; what was not told is left out.</summary>
    public static IReadOnlyDictionary<string, double> Added(IReadOnlyDictionary<string, double> metrics, RequestLog log)
    {
        var all = new Dictionary<string, double>(metrics, StringComparer.Ordinal)
        {
            [MetricNames.Resends] = log.Sent - (metrics.TryGetValue(MetricNames.Requests, out var wanted) ? Math.Min(wanted, log.Sent) : log.Replies),
            [MetricNames.Requests] = log.Sent,
            [MetricNames.RateWaitSeconds] = log.Waited.TotalSeconds,
            [MetricNames.SecondsPerTurn] = log.Busy.TotalSeconds / log.Replies,
            [MetricNames.InputTokens] = log.InputTokens,
            [MetricNames.OutputTokens] = log.OutputTokens,
            [MetricNames.Cost] = log.Cost,
        };
        foreach (var unknown in all.Where(m => !double.IsFinite(m.Value)).Select(m => m.Key).ToList())
        {
            all.Remove(unknown);
        }

        return all;
    }
}
