using System.Globalization;
using System.Text;
using PSRunner.Engine.Storage;

namespace PSRunner.CrashCampaign;

/// <summary>Runs batches, kills them, goes on with them, and holds what is left to a ledger of what was seen.</summary>
/// <param name="folder">An empty folder for the batches.</param>
/// <param name="kills">How many kills.</param>
/// <param name="seed">Decides when each comes, as far as the machine's own pace allows.</param>
/// <param name="cases">Cases in a batch.</param>
/// <param name="steals">True: after each kill a result that was seen is cut out of the journal, which the ledger must find.</param>
internal sealed class Campaign(string folder, int kills, int seed, int cases, bool steals) : IDisposable
{
    private const int MostViolations = 50;

    private readonly Random _chance = new(seed);
    private readonly int[] _killed = new int[Enum.GetValues<Moment>().Length];
    private readonly Lock _gate = new();
    private readonly List<string> _violations = [];
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private ChildRun? _run;
    private int _kills;
    private int _sessions;
    private int _batches;
    private int _repaired;
    private long _seen;
    private long _unseen;

    /// <summary>What went wrong; empty: nothing.</summary>
    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_gate)
            {
                return [.. _violations];
            }
        }
    }

    /// <summary>How far it is, in one line.</summary>
    public string Progress => $"batch {_batches}, session {_sessions}, {_kills} of {kills} kills, {Violations.Count} promises broken";

    /// <summary>Runs until the kills are used up and the last batch is complete.</summary>
    /// <param name="tell">Hears of the progress after every batch.</param>
    public void Run(Action<string> tell)
    {
        while (_kills < kills && Violations.Count == 0)
        {
            RunBatch();
            tell(Progress);
        }
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
        Row("  last part left to a repair", _repaired);
        Row("sessions", _sessions);
        Row("results seen and held", _seen);
        Row("results saved and never seen", _unseen);
        Row("promises broken", Violations.Count);
        Row("minutes", TimeProvider.System.GetElapsedTime(_began).TotalMinutes.ToString("F1", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    /// <summary>Ends the child that runs, if any.</summary>
    public void Dispose() => _run?.Dispose();

    private void RunBatch()
    {
        var root = Path.Combine(folder, _batches.ToString("D4", CultureInfo.InvariantCulture));
        Directory.CreateDirectory(root);
        var batch = new BatchUnderTest(root, cases, new Ledger(Violate), Violate);
        while (Violations.Count == 0)
        {
            var isOver = Next(batch) switch
            {
                Moment.Saving => Save(batch),
                Moment.Repairing => Repair(batch),
                var moment => RunSession(batch, moment),
            };
            if (isOver)
            {
                break;
            }

            if (steals && batch.RunFolder is { } runFolder && batch.Ledger.Steal(runFolder))
            {
                batch.Check();
            }
        }

        _seen += batch.Ledger.Count;
        _unseen += batch.Planned - batch.Ledger.Count;
        if (Violations.Count == 0)
        {
            Directory.Delete(root, recursive: true);
            _batches++;
        }
    }

    private Moment? Next(BatchUnderTest batch)
    {
        if (_kills >= kills)
        {
            return null;
        }

        while (true)
        {
            var moment = (Moment)_chance.Next(_killed.Length);
            var isPossible = moment switch
            {
                Moment.Opening => batch.RunFolder is null,
                Moment.Resuming => batch.RunFolder is not null,
                Moment.Changing => batch.RunFolder is not null && !batch.IsChanging,
                Moment.Repairing => batch.Recorded > 0,
                Moment.Saving => batch.RecordedAs(Outcomes.Passed) > 0,
                _ => true,
            };
            if (isPossible)
            {
                return moment;
            }
        }
    }

    /// <returns>True when the batch has ended.</returns>
    private bool RunSession(BatchUnderTest batch, Moment? moment)
    {
        // Cut off, the change is asked for again, as its user would.
        batch.IsChanging |= moment == Moment.Changing;

        // Once in a batch its errors run again, so that parts are rewritten under the knife too.
        var retry = !batch.WasRetried && !batch.IsChanging && batch.Recorded > cases / 2 && _chance.Next(3) == 0 ? Outcomes.Errored : Child.Nothing;
        if (retry != Child.Nothing)
        {
            batch.WasRetried = true;
            batch.Ledger.Release(retry);
        }

        var isChanged = batch.Planned > cases;
        var run = RunChild(batch, moment, [Environment.ProcessPath!, "child", "run", batch.Root, $"{cases}", retry, batch.IsChanging ? Child.Changed : Child.Nothing]);
        if (run.ToRun is { } toRun && batch.IsChanging == isChanged && batch.Recorded - batch.RecordedAs(retry) + toRun != batch.Planned)
        {
            Violate($"{batch.Planned} planned, {batch.Recorded - batch.RecordedAs(retry)} recorded, {toRun} pending");
        }

        batch.Check();
        if (run.State is not { } state)
        {
            return false;
        }

        if (state != BatchStates.Completed || (run.ExitCode != 0 && !run.WasKilled))
        {
            Violate($"the batch {run.Message} (exit code {run.ExitCode})");
        }

        _repaired += batch.CheckEnd(run.Message) ? 1 : 0;
        return true;
    }

    private bool Repair(BatchUnderTest batch)
    {
        // A repair leaves a batch without findings as it is: so there is one.
        File.WriteAllText(Path.Combine(batch.RunFolder!, "left" + StoreFilesExtensions.TemporarySuffix), "as a crash leaves it");
        var before = batch.Recorded;
        RunChild(batch, Moment.Repairing, [Environment.ProcessPath!, "child", "repair", batch.RunFolder!]);
        batch.Check();
        if (batch.Recorded != before)
        {
            Violate($"before the repair {before} results were recorded, and {batch.Recorded} after it");
        }

        return false;
    }

    private bool Save(BatchUnderTest batch)
    {
        var saves = new Saves(batch.Root, Saves.Ways[_chance.Next(Saves.Ways.Count)]);
        RunChild(batch, Moment.Saving, saves.Prepare(batch.RunFolder!));
        if (saves.Check() is { } problem)
        {
            Violate(problem);
        }
        else
        {
            saves.Clear();
        }

        return false;
    }

    private ChildRun RunChild(BatchUnderTest batch, Moment? moment, IReadOnlyList<string> program)
    {
        _sessions++;
        using var run = new ChildRun(program, batch.Root, batch.Ledger, Violate);
        _run = run;
        if (moment is { } when && run.KillAt(when, _chance))
        {
            _kills++;
            _killed[(int)when]++;
        }

        run.WaitForEnd();
        _run = null;
        return run;
    }

    private void Violate(string what)
    {
        lock (_gate)
        {
            if (_violations.Count < MostViolations)
            {
                _violations.Add($"batch {_batches}, session {_sessions}, after {_kills} kills: {what}");
            }
        }
    }
}
