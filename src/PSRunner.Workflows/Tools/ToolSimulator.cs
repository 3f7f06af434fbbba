using System.Globalization;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Tools;

/// <summary>Runs tools that do nothing, with the chances of <see cref="ToolOdds"/>. One instance per test; not thread-safe.</summary>
/// <remarks>
/// The n-th run of a test draws from a generator of its own, keyed by the test's seed and n. So a test gives the same
/// results on any machine, in any order and after any resume, and a failing run is the same run in every transcript.
/// </remarks>
internal sealed class ToolSimulator
{
    private readonly string _seed;
    private readonly double _rate;
    private readonly List<ToolRun> _runs = [];
    private readonly HashSet<string> _succeeded = new(StringComparer.Ordinal);
    private readonly HashSet<string> _failedLast = new(StringComparer.Ordinal);

    /// <param name="seed">What the chances hang on: the case's id.</param>
    /// <param name="rate">The nominal success rate, 0 to 1.</param>
    public ToolSimulator(string seed, double rate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rate, 1);
        _seed = seed;
        _rate = rate;
    }

    /// <summary>The runs so far, in their order.</summary>
    public IReadOnlyList<ToolRun> Runs => _runs;

    /// <summary>The chance that a run of this tool would succeed now.</summary>
    public double Odds(ToolDefinition tool) => ToolOdds.Probability(
        _rate,
        tool.Dependencies.Count(dependency => !_succeeded.Contains(dependency)),
        tool.Dependencies.Any(_failedLast.Contains),
        _runs.Count,
        _runs.TakeLast(ToolOdds.Window).Count(run => !run.Succeeded));

    /// <summary>Runs a tool.</summary>
    public ToolRun Run(ToolDefinition tool)
    {
        var ordinal = _runs.Count + 1;
        var random = new SeededRandom(string.Create(CultureInfo.InvariantCulture, $"tool-run/{_seed}/{ordinal}"));
        var odds = Odds(tool);
        var succeeded = random.NextDouble() < odds;
        var code = succeeded ? "" : random.Pick(tool.ErrorCodes);
        var output = succeeded ? SimulatedOutput.OfSuccess(tool, random) : SimulatedOutput.OfFailure(tool, code);
        if (succeeded)
        {
            _succeeded.Add(tool.Name);
            _failedLast.Remove(tool.Name);
        }
        else
        {
            _failedLast.Add(tool.Name);
        }

        var run = new ToolRun(ordinal, tool.Name, succeeded, code, output, odds);
        _runs.Add(run);
        return run;
    }
}
