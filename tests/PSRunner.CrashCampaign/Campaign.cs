using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace PSRunner.CrashCampaign;

/// <summary>Runs batches, kills them, goes on with them, and holds what is left to a ledger of what was seen.</summary>
/// <param name="folder">An empty folder for the batches.</param>
/// <param name="kills">How many kills.</param>
/// <param name="seed">Decides when each comes, as far as the machine's own pace allows.</param>
/// <param name="cases">Cases in a batch.</param>
internal sealed class Campaign(string folder, int kills, int seed, int cases)
{
    private const int MostViolations = 50;

    private readonly Random _chance = new(seed);
    private readonly int[] _killed = new int[Enum.GetValues<Moment>().Length];
    private readonly List<string> _violations = [];
    private readonly Stopwatch _clock = new();
    private int _kills;
    private int _sessions;
    private int _batches;
    private long _seen;
    private long _unseen;

    /// <summary>What went wrong; empty: nothing.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>Runs until the kills are used up and the last batch is complete.</summary>
    public void Run()
    {
        _clock.Start();
        while (_kills < kills && _violations.Count == 0)
        {
            RunBatch();
        }

        _clock.Stop();
    }

    /// <summary>The figures, as a table.</summary>
    public string Summary()
    {
        var text = new StringBuilder();
        void Row(string name, object value) => text.AppendLine(CultureInfo.InvariantCulture, $"{name,-34}{value,10}");
        Row("kills", _kills);
        foreach (var moment in Enum.GetValues<Moment>())
        {
            Row("  " + moment.ToString().ToLowerInvariant(), _killed[(int)moment]);
        }

        Row("batches completed", _batches);
        Row("sessions", _sessions);
        Row("results seen and held", _seen);
        Row("results saved and never seen", _unseen);
        Row("promises broken", _violations.Count);
        Row("minutes", _clock.Elapsed.TotalMinutes.ToString("F1", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private void RunBatch()
    {
        var root = Path.Combine(folder, _batches.ToString("D4", CultureInfo.InvariantCulture));
        Directory.CreateDirectory(root);
        var ledger = new Ledger(cases, Violate);
        var recorded = new Dictionary<string, int>();
        var retried = false;
        while (_violations.Count == 0)
        {
            // Once in a batch its errors run again, so that parts are rewritten under the knife too.
            var retry = !retried && recorded.Values.Sum() > cases / 2 && _chance.Next(3) == 0 ? Outcomes.Errored : "none";
            if (retry != "none")
            {
                retried = true;
                ledger.Release(retry);
            }

            using var run = new ChildRun(root, cases, retry, ledger, Violate);
            _sessions++;
            if (_kills < kills)
            {
                var moment = (Moment)_chance.Next(_killed.Length);
                if (run.KillAt(moment, _chance))
                {
                    _kills++;
                    _killed[(int)moment]++;
                }
            }

            run.WaitForEnd();
            if (Child.RunFolderIn(root) is not { } runFolder)
            {
                continue; // Killed before there was a batch; nothing was promised.
            }

            if (run.ToRun is { } toRun)
            {
                var before = recorded.Values.Sum() - recorded.GetValueOrDefault(retry);
                if (before + toRun != cases)
                {
                    Violate($"{cases} planned, {before} recorded, {toRun} pending");
                }
            }

            if (run.State is { } state)
            {
                if (state != BatchStates.Completed || run.ExitCode != 0)
                {
                    Violate($"the batch {run.Message} (exit code {run.ExitCode})");
                }

                ledger.CheckEnd(runFolder);
                break;
            }

            recorded = ledger.Check(runFolder);
        }

        _seen += ledger.Count;
        _unseen += cases - ledger.Count;
        _batches++;
        if (_violations.Count == 0)
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private void Violate(string what)
    {
        if (_violations.Count < MostViolations)
        {
            _violations.Add($"batch {_batches}, session {_sessions}, after {_kills} kills: {what}");
        }
    }
}
