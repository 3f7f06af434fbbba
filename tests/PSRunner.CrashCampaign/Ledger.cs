using PSRunner.Engine;

namespace PSRunner.CrashCampaign;

/// <summary>Every result of one batch that was seen, and what must therefore be true of its run folder.</summary>
/// <param name="planned">Cases in the plan.</param>
/// <param name="violate">Hears of every broken promise.</param>
internal sealed class Ledger(int planned, Action<string> violate)
{
    private readonly Dictionary<int, Entry> _seen = [];

    /// <summary>Results that were seen, by now replaced ones not counted.</summary>
    public int Count => _seen.Count;

    /// <summary>Takes down a line that the child printed.</summary>
    public void See(string line)
    {
        var words = line.Split(' ');
        var (index, attempt, outcome) = (int.Parse(words[1]), int.Parse(words[2]), words[3]);
        if (_seen.TryGetValue(index, out var before) && !before.MayRunAgain)
        {
            violate($"case {index} was seen twice");
        }

        _seen[index] = new Entry(attempt, outcome, line, MayRunAgain: false);
    }

    /// <summary>Cases of this outcome may run again from now on: gone until their new result is there.</summary>
    public void Release(string outcome)
    {
        foreach (var (index, entry) in _seen.Where(pair => pair.Value.Outcome == outcome).ToList())
        {
            _seen[index] = entry with { MayRunAgain = true };
        }
    }

    /// <summary>Compares the folder with what was seen.</summary>
    /// <returns>How many results are recorded, by outcome.</returns>
    public Dictionary<string, int> Check(string runFolder)
    {
        using var stored = StoredBatch.Open(runFolder);
        var found = new HashSet<int>();
        var recorded = new Dictionary<string, int>();
        foreach (var result in stored.ReadResults())
        {
            recorded[result.Outcome] = recorded.GetValueOrDefault(result.Outcome) + 1;
            if (!found.Add(result.Index))
            {
                violate($"case {result.Index} has two results");
            }

            if (result.Outcome == Outcomes.Crashed)
            {
                violate($"case {result.Index} is recorded as Crashed and did nothing");
            }

            if (_seen.TryGetValue(result.Index, out var entry) && Child.Line(result) != entry.Line
                && !(entry.MayRunAgain && result.Attempt > entry.Attempt))
            {
                violate($"case {result.Index} was seen as '{entry.Line}' and is stored as '{Child.Line(result)}'");
            }

            CheckArtifact(result);
        }

        foreach (var (index, _) in _seen.Where(pair => !pair.Value.MayRunAgain && !found.Contains(pair.Key)))
        {
            violate($"the result of case {index} was seen and is lost");
        }

        // Nothing but a torn end may be found after a kill: that is what nobody was told of.
        foreach (var finding in stored.Findings.Where(text => !text.Contains("is torn", StringComparison.Ordinal)))
        {
            violate(finding);
        }

        return recorded;
    }

    /// <summary>What must be true when the last session ended by itself.</summary>
    public void CheckEnd(string runFolder)
    {
        if (Check(runFolder).Values.Sum() is var recorded && recorded != planned)
        {
            violate($"the batch is completed with {recorded} results of {planned}");
        }

        string[] left = [.. Directory.GetFiles(runFolder, "*.tmp", SearchOption.AllDirectories), .. Directory.GetFiles(Path.Combine(runFolder, "journal"))];
        if (left.Length > 0)
        {
            violate($"the closed batch still has {string.Join(", ", left)}");
        }
    }

    private void CheckArtifact(TestResult result)
    {
        if (result.Index % 20 != 0 || result.ArtifactPath.Length == 0)
        {
            return;
        }

        var transcript = Path.Combine(result.RunFolder, result.ArtifactPath, "transcript.txt");
        if (!File.Exists(transcript) || !File.ReadAllBytes(transcript).AsSpan().SequenceEqual(MixedExecutor.Transcript(result.Id)))
        {
            violate($"the transcript of case {result.Index} is lost or damaged");
        }
    }

    private sealed record Entry(int Attempt, string Outcome, string Line, bool MayRunAgain);
}
