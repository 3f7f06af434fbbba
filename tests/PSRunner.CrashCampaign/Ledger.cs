using PSRunner.Engine;

namespace PSRunner.CrashCampaign;

/// <summary>Every result of one batch that was seen, and what must therefore be true of its run folder.</summary>
/// <param name="violate">Hears of every broken promise.</param>
internal sealed class Ledger(Action<string> violate)
{
    private readonly Dictionary<int, Entry> _seen = [];

    // Also those that a case run again has replaced: they stay to be read.
    private readonly Dictionary<(int Index, int Attempt), string> _attempts = [];

    /// <summary>Results that were seen, by now replaced ones not counted.</summary>
    public int Count => _seen.Count;

    /// <summary>Takes down a line that the child printed.</summary>
    public void See(string line)
    {
        var words = line.Split(' ');
        var (index, attempt, outcome, id) = (int.Parse(words[1]), int.Parse(words[2]), words[3], words[4]);
        if (_seen.TryGetValue(index, out var before) && !before.MayRunAgain)
        {
            violate($"case {index} was seen twice");
        }

        _seen[index] = new Entry(attempt, outcome, id, line, MayRunAgain: false);
        _attempts[(index, attempt)] = line;
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

        var attempts = stored.ReadAllAttempts().CountBy(result => (result.Index, result.Attempt, Line: Child.Line(result))).ToDictionary();
        foreach (var (key, line) in _attempts.Where(pair => attempts.GetValueOrDefault((pair.Key.Index, pair.Key.Attempt, pair.Value)) != 1))
        {
            violate($"attempt {key.Attempt} of case {key.Index} was seen as '{line}' and is not there once, with all attempts");
        }

        // A kill damages nothing.
        foreach (var finding in stored.Findings)
        {
            violate(finding);
        }

        return recorded;
    }

    /// <summary>
    /// Cuts a journal file off before a result that was seen, as if the end had never been flushed: nothing in the folder
    /// tells of it, only the ledger can.
    /// </summary>
    /// <returns>False when no journal file has such a result.</returns>
    public bool Steal(string runFolder)
    {
        foreach (var path in Directory.GetFiles(Path.Combine(runFolder, "journal"), "*.jsonl").OrderDescending(StringComparer.Ordinal))
        {
            var kept = 0L;
            foreach (var line in File.ReadAllLines(path))
            {
                if (_seen.Values.Any(entry => !entry.MayRunAgain && line.Contains($"\"id\":\"{entry.Id}\"", StringComparison.Ordinal)))
                {
                    using var file = File.OpenWrite(path);
                    file.SetLength(kept);
                    return true;
                }

                kept += System.Text.Encoding.UTF8.GetByteCount(line) + 1;
            }
        }

        return false;
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

    private sealed record Entry(int Attempt, string Outcome, string Id, string Line, bool MayRunAgain);
}
