using System.Diagnostics;
using Json.Schema;

namespace PSRunner.Workflows.Expectations;

/// <summary>The time that one check may take. The library has no limit of its own; our keywords look at the clock that comes with its options.</summary>
internal sealed class SchemaClock : EvaluationOptions
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Called once for each value and keyword of ours.</summary>
    /// <exception cref="TimeoutException">All of it takes too long.</exception>
    public static void Look(EvaluationContext context)
    {
        if (((SchemaClock)context.Options)._clock.Elapsed > Limit)
        {
            throw new TimeoutException($"The schema takes longer than {Limit.TotalSeconds:0} s.");
        }
    }
}
