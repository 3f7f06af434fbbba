using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// A little history of a batch (two sessions, turned files, sealed parts, an open part, cases run again), in which every
/// single operation on the disk fails once, or is the last before a kill or a power cut.
/// </summary>
public class StoreFaultTests
{
    private const int PerFile = 4;
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(30);

    [Fact]
    public void When_any_operation_fails_once_nothing_that_was_acknowledged_is_missing_at_the_end()
    {
        var total = Run(new MemoryFiles(), new StoreModel());
        Assert.True(total > 60, $"only {total} operations");
        for (var fail = 1; fail <= total; fail++)
        {
            var at = fail;
            var files = new MemoryFiles { Before = (n, words) => Throw(n == at, words) };
            var model = new StoreModel();
            Run(files, model);
            files.Before = static (_, _) => { };
            AssertEqual(model, files, $"operation {fail} of {string.Join(", ", files.Log)}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_a_kill_or_power_cut_before_any_operation_all_that_was_acknowledged_is_there_and_nothing_else(bool powerCut)
    {
        var total = Run(new MemoryFiles(), new StoreModel());
        for (var stop = 1; stop <= total; stop++)
        {
            for (var seed = 0; seed < (powerCut ? 4 : 2); seed++)
            {
                var at = stop;
                var files = new MemoryFiles { Before = (n, words) => ThrowStopped(n >= at, words) };
                var model = new StoreModel();
                var unacknowledged = new List<JournalRecord>();
                Assert.Throws<Stopped>(() => Run(files, model, unacknowledged));

                var left = powerCut ? files.AfterPowerCut(new Random((stop * 100) + seed)) : files.AfterKill();
                AssertNothingLost(model, unacknowledged, left, $"stop {stop} seed {seed} of {string.Join(", ", files.Log)}");

                // A second crash while the first one is being repaired.
                left.Before = (n, words) => ThrowStopped(n > seed + (stop % 7), words);
                try
                {
                    using var repair = new Session(Folder, left, Plan, PerFile);
                    repair.Save();
                    repair.Close();
                }
                catch (Stopped)
                {
                }

                left = powerCut ? left.AfterPowerCut(new Random(stop)) : left.AfterKill();
                AssertNothingLost(model, unacknowledged, left, $"second crash, stop {stop} seed {seed}", cutOff: true);
            }
        }
    }

    /// <summary>The history. Records enter the model when they are acknowledged. Returns how many operations changed the disk.</summary>
    private static int Run(MemoryFiles files, StoreModel model, List<JournalRecord>? unacknowledged = null)
    {
        using (var first = Open(files))
        {
            for (var i = 0; i < 10; i++)
            {
                Save(first, new StartedRecord(i, 1));
                Save(first, new ResultRecord(Plan.Result(i)));
                if (i is 2 or 5)
                {
                    Try(() => first.Sealer.WriteOpenPart(first.Durable));
                }
            }

            Save(first, new StartedRecord(10, 1), new StartedRecord(11, 1), new ResultRecord(Plan.Result(11)));
            Save(first, new AttemptEndedRecord(10, 1, Causes.Throttled, "wait", 1, true));
            Try(first.Close);
        }

        using (var second = Open(files, state =>
        {
            state.Reopen(1);
            state.Reopen(6);
        }))
        {
            unacknowledged?.AddRange(second.State.Reopened);
            Save(second, new StartedRecord(1, 2), new StartedRecord(10, 2));
            foreach (var reopened in second.State.Reopened)
            {
                model.Apply(reopened); // Durable with the first group, and before what that group says.
            }

            model.Apply(new StartedRecord(1, 2));
            unacknowledged?.Clear();
            Save(second, new ResultRecord(Plan.Result(1, 2, 2)), new ResultRecord(Plan.Result(12, 1, 2)));
            Save(second, new CanceledRecord(10, 2));
            Try(second.Close);
        }

        return files.Operations;

        void Save(Session session, params JournalRecord[] records)
        {
            unacknowledged?.AddRange(records);
            session.Save(records);
            foreach (var record in records)
            {
                model.Apply(record);
            }

            unacknowledged?.Clear();
        }
    }

    private static Session Open(MemoryFiles files, Action<RecoveredState>? prepare = null)
    {
        while (true)
        {
            try
            {
                return new Session(Folder, files, Plan, PerFile, prepare);
            }
            catch (IOException)
            {
            }
        }
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (IOException)
        {
        }
    }

    private static void AssertEqual(StoreModel model, MemoryFiles files, string when)
    {
        var state = Recovery.Open(Folder, files, Plan);
        Assert.Equal(model.Tell() + when, StoreModel.Tell(new ResultReader(Folder, Plan, files).Read(), state.Open) + when);
        Assert.DoesNotContain(state.Findings, finding => finding.IsCorrupt);

        // One more session leaves one row a case in the parts, and the rows that were replaced beside them.
        using (var last = new Session(Folder, files, Plan, PerFile))
        {
            last.Save();
            last.Close();
        }

        var parts = new PartFile(files, Plan.Schema, Folder.FullPath);
        var rows = files.List(Folder.ResultsFolder).SelectMany(name => parts.TryRead(Path.Combine(Folder.ResultsFolder, name))!.Value.Rows);
        Assert.Equal(model.Results.Values.Select(FakePlan.Tell), rows.OrderBy(r => r.Index).Select(FakePlan.Tell));
        var replaced = files.List(Folder.AttemptsFolder).SelectMany(name => parts.TryRead(Path.Combine(Folder.AttemptsFolder, name))!.Value.Rows);
        Assert.Equal([(1, 1), (6, 1)], replaced.Select(r => (r.Index, r.Attempt)).Order());
    }

    private static void AssertNothingLost(StoreModel model, List<JournalRecord> unacknowledged, MemoryFiles files, string when, bool cutOff = false)
    {
        // The group that was on its way may be there in part, as far as it came.
        var allowed = new List<string>();
        var possible = new StoreModel();
        foreach (var result in model.Results.Values)
        {
            possible.Results[result.Index] = result;
        }

        model.Open.Copy().Cases.ToList().ForEach(possible.Open.Set);
        allowed.Add(possible.Tell());
        foreach (var record in unacknowledged)
        {
            possible.Apply(record);
            allowed.Add(possible.Tell());
        }

        if (cutOff)
        {
            // What ran when the first crash came may be marked as a suspect by now, or not yet.
            allowed = allowed.ConvertAll(WithoutSuspicion);
        }

        var state = Recovery.Open(Folder, files, Plan);
        var found = StoreModel.Tell(new ResultReader(Folder, Plan, files).Read(), state.Open);
        Assert.Contains(cutOff ? WithoutSuspicion(found) : found, allowed);
        Assert.False(state.Findings.Any(finding => finding.IsCorrupt), when + string.Join(", ", state.Findings));
        Assert.Equal(model.Results.Count, state.Outcomes.Count(outcome => outcome != 0), 2.0);
    }

    private static string WithoutSuspicion(string told) =>
        told.Replace("Running = True", "Running = False", StringComparison.Ordinal).Replace("Suspect = True", "Suspect = False", StringComparison.Ordinal);

    private static void Throw(bool now, string words)
    {
        if (now)
        {
            throw new IOException("made to fail: " + words);
        }
    }

    private static void ThrowStopped(bool now, string words)
    {
        if (now)
        {
            throw new Stopped(words);
        }
    }

    /// <summary>The machine is gone; nothing catches this.</summary>
    private sealed class Stopped(string words) : Exception(words);
}
