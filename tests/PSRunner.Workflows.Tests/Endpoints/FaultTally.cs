using PSRunner.Workflows.Scoring;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>What became of a batch whose server misbehaved, counted against <see cref="FaultTable"/>.</summary>
internal sealed class FaultTally(string name)
{
    private readonly HashSet<string> _ids = [];
    private readonly SortedDictionary<string, int> _ends = [];
    private readonly List<string> _wrong = [];

    public static string Header { get; } = $"{"fault",-20}{"state",-10}{"results",8}{"faulted",8}{"right",8}{"healed",8}{"blamed",8}{"s",6}  faulted ones ended";

    public string Name => name;

    public string State { get; set; } = "";

    public double Seconds { get; set; }

    public IReadOnlyList<string> Notes { get; set; } = [];

    public int Results => _ids.Count;

    /// <summary>Cases that met a fault.</summary>
    public int Faulted { get; private set; }

    /// <summary>Those of them that ended as they must.</summary>
    public int Right { get; private set; }

    /// <summary>Those of them that ended well, and say that it took more than one try.</summary>
    public int Healed { get; private set; }

    public int Healthy { get; private set; }

    public int HealthyRight { get; private set; }

    /// <summary>Cases that say the model failed: it never does.</summary>
    public int Blamed { get; private set; }

    /// <param name="result">A result.</param>
    /// <param name="met">What the faults that its case met must end in, in their order.</param>
    /// <param name="mustFail">True when its fault lasts, so that it cannot end well.</param>
    public void Count(TestResult result, IReadOnlyList<FaultRow> met, bool mustFail)
    {
        _ids.Add(result.Id);
        Blamed += result.Outcome == "Failed" || result.FaultDomain == "Model" ? 1 : 0;
        var harms = met.Where(row => row.Cause.Length > 0).ToList();
        var tries = result.Attempt + result.GetMetrics().FirstOrDefault(m => m.Key == MetricNames.Resends).Value;
        var end = (result.Outcome, result.Cause, result.FaultDomain);
        var isWell = end == ("Passed", "", "");
        var isRight = harms.Count == 0 ? isWell
            : isWell ? tries > 1 && !mustFail && harms.TrueForAll(row => row.Heals)
            : end == (harms[^1].Outcome, harms[^1].Cause, harms[^1].Domain) && (mustFail || harms.Count > 1 || !harms[0].Heals);
        if (!isRight)
        {
            _wrong.Add($"{result.Name} met {string.Join(", ", harms.Select(row => row.Cause))}: {end}, attempt {result.Attempt}, {tries} tries: {result.Message}");
        }

        if (met.Count == 0)
        {
            Healthy++;
            HealthyRight += isRight ? 1 : 0;
            return;
        }

        Faulted++;
        Right += isRight ? 1 : 0;
        Healed += isRight && isWell && harms.Count > 0 ? 1 : 0;
        var words = $"{result.Outcome} {result.Cause}".Trim();
        _ends[words] = _ends.GetValueOrDefault(words) + 1;
    }

    public override string ToString() =>
        $"{name,-20}{State,-10}{Results,8}{Faulted,8}{Right,8}{Healed,8}{Blamed,8}{Seconds,6:0.0}  {string.Join(", ", _ends.Select(e => $"{e.Value} {e.Key}"))}"
        + string.Concat(_wrong.Take(5).Select(w => "\n    wrong: " + w)) + string.Concat(Notes.Take(5).Select(n => "\n    note: " + n));
}
