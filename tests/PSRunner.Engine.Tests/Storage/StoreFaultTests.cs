using PSRunner.Engine.Execution;
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
        Assert.True(total.Count > 200, $"only {total.Count} operations");
        for (var fail = 1; fail <= total.Count; fail++)
        {
            if (fail > 1 && total[fail - 1] == total[fail - 2] && MemoryFiles.OnlyReads(total[fail - 1]))
            {
                continue; // A file is read in many pieces; the first stands for all.
            }

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
        var stop = 0;
        foreach (var words in total.Where(words => !MemoryFiles.OnlyReads(words)))
        {
            stop++;
            for (var seed = 0; seed < (powerCut ? 4 : 2); seed++)
            {
                var files = StopAt(new MemoryFiles(), stop);
                var model = new StoreModel();
                Assert.Throws<Stopped>(() => Run(files, model));

                var chance = new Random((stop * 100) + seed);
                var left = powerCut ? files.AfterPowerCut(chance) : files.AfterKill();
                Assert.Empty(model.Compare(Folder, left, Plan));

                // A second crash while the first one is being repaired. What ran may be a suspect by then.
                var open = RunScan.Read(Folder, left, Plan.BatchId, Plan.Count).Open;
                open.CutOff(_ => true);
                model.OnTheWay.Add(new OpenRecord(1, 1, [.. open.Cases]));
                StopAt(left, seed + (stop % 7));
                try
                {
                    using var repair = new Session(Folder, left, Plan, PerFile);
                    repair.Save();
                    repair.Close();
                }
                catch (Stopped)
                {
                }

                left = powerCut ? left.AfterPowerCut(chance) : left.AfterKill();
                Assert.Empty(model.Compare(Folder, left, Plan));
            }
        }
    }

    [Fact]
    public void A_deletion_that_may_not_have_reached_the_device_is_forced_before_the_next_file_goes()
    {
        var refused = false;
        var files = new MemoryFiles();
        using (var session = new Session(Folder, files, Plan, resultsPerFile: 1))
        {
            session.Write(new ResultRecord(Plan.Result(0)));
            session.Write(new ResultRecord(Plan.Result(1)));
        }

        var deleted = new List<string>();
        files.Before = (_, words) =>
        {
            if (words.StartsWith("delete 00000", StringComparison.Ordinal) || words == "flush folder journal")
            {
                deleted.Add(words);
                Throw(!refused && deleted[0].StartsWith("delete", StringComparison.Ordinal) && deleted.Count == 2, words);
                refused |= deleted.Count == 2;
            }
        };
        using (var session = new Session(Folder, files, Plan))
        {
            deleted.Clear();
            var closed = session.Write();
            deleted.Clear();
            session.Seal(closed);
        }

        Assert.Equal(["delete 000001.jsonl", "flush folder journal", "flush folder journal", "delete 000002.jsonl", "flush folder journal"], deleted);
    }

    [Fact]
    public void A_list_of_artifacts_whose_name_may_not_have_reached_the_device_is_forced_before_its_journal_goes()
    {
        var refused = false;
        var files = new MemoryFiles();
        var path = RunFolder.ArtifactPath(FakePlan.IdOf(0), 1, 1);
        using var session = new Session(Folder, files, Plan, resultsPerFile: 1);
        session.Write(new ResultRecord(Plan.Result(0, artifactPath: path)) { Unsaved = [new Artifact("log.txt", "x"u8.ToArray())] });
        var closed = session.Write(new ResultRecord(Plan.Result(1)));
        files.Before = (_, words) =>
        {
            var now = !refused && words == "flush folder artifacts";
            refused |= now;
            Throw(now, words);
        };
        session.Seal(closed);
        Assert.True(refused);
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.NotNull(files.AfterPowerCut(new Random(seed)).TryReadAll(Folder.ArtifactList(1)));
        }
    }

    /// <summary>The history. Returns all operations on the disk.</summary>
    private static IReadOnlyList<string> Run(MemoryFiles files, StoreModel model)
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
            model.OnTheWay.AddRange(second.State.Reopened); // Durable with the first group, and before what that group says.
            Save(second, new StartedRecord(1, 2), new StartedRecord(10, 2));
            Save(second, new ResultRecord(Plan.Result(1, 2, 2)), new ResultRecord(Plan.Result(12, 1, 2)));
            Save(second, new CanceledRecord(10, 2));
            Try(second.Close);
        }

        return [.. files.Log];

        void Save(Session session, params JournalRecord[] records)
        {
            model.OnTheWay.AddRange(records);
            var closed = session.Write(records);
            model.Acknowledge();
            session.Seal(closed);
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

    private static MemoryFiles StopAt(MemoryFiles files, int change)
    {
        files.Before = (_, words) =>
        {
            change -= MemoryFiles.OnlyReads(words) ? 0 : 1;
            if (change <= 0)
            {
                throw new Stopped(words);
            }
        };
        return files;
    }

    private static void Throw(bool now, string words)
    {
        if (now)
        {
            throw new StoreException(words, "it", "made to fail");
        }
    }

    /// <summary>The machine is gone; nothing catches this.</summary>
    private sealed class Stopped(string words) : Exception(words);
}
