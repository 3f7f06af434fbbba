using CsCheck;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>Random histories of a batch with kills, power cuts, resumes and cases run again, held to the simplest store there is.</summary>
public class StoreHistoryTests
{
    private const int Cases = 12;
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(Cases);

    private static readonly Gen<(int Step, int Case, int Chance)[]> Histories =
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, Cases - 1], Gen.Int[0, 1_000_000]).Array[0, 60];

    [Fact]
    public void What_is_recovered_is_what_was_acknowledged_whatever_happened()
    {
        Histories.Sample(history => Play(history), iter: 200, threads: 1);
    }

    private static void Play((int Step, int Case, int Chance)[] history)
    {
        var files = new MemoryFiles();
        var model = new StoreModel();
        var session = Begin(files, model, []);
        foreach (var (step, index, chance) in history)
        {
            var known = model.Open[index];
            var isDone = model.Results.ContainsKey(index);
            switch (step)
            {
                case <= 3 when !isDone && !known.Running:
                    Save(session, model, new StartedRecord(index, known.Attempt + 1));
                    break;
                case 4 or 5 or 6 when known.Running:
                    Save(session, model, new ResultRecord(Plan.Result(index, known.Attempt, session.Number)));
                    break;
                case 7 when known.Running:
                    Save(session, model, new AttemptEndedRecord(index, known.Attempt, Causes.WorkerCrash, "", 1, chance % 2 == 0));
                    break;
                case 8 when known.Running:
                    Save(session, model, new CanceledRecord(index, known.Attempt));
                    break;
                case 9:
                    session.Sealer.WriteOpenPart(session.Durable);
                    break;
                case 10:
                    session.Close();
                    session.Dispose();
                    session = Begin(files, model, chance % 2 == 0 ? [index, (index + 1) % Cases] : []);
                    break;
                case 11:
                    session.Dispose();
                    files = chance % 2 == 0 ? files.AfterKill() : files.AfterPowerCut(new Random(chance));
                    session = Begin(files, model, chance % 3 == 0 ? [index] : []);
                    break;
            }
        }

        session.Close();
        session.Dispose();
        AssertSame(files, model);
        AssertParts(files, model);
    }

    private static Session Begin(MemoryFiles files, StoreModel model, int[] reopen)
    {
        AssertSame(files, model);
        var session = new Session(Folder, files, Plan, resultsPerFile: 3, state => Array.ForEach(reopen, state.Reopen));
        Assert.Equal(model.Open.Cases.Where(known => known.Running).Select(known => known.Index), session.CutOff);
        model.Open.CutOff(_ => true);
        session.Save();
        foreach (var record in session.State.Reopened)
        {
            model.Apply(record);
        }

        return session;
    }

    private static void Save(Session session, StoreModel model, JournalRecord record)
    {
        session.Save(record);
        model.Apply(record);
    }

    private static void AssertSame(MemoryFiles files, StoreModel model)
    {
        var state = Recovery.Open(Folder, files, Plan);
        Assert.Equal(model.Tell(), StoreModel.Tell(new ResultReader(Folder, Plan, files).Read(), state.Open));
        Assert.Equal(Cases - model.Results.Count, state.Counts[0]);
        Assert.DoesNotContain(state.Findings, finding => finding.IsCorrupt);
    }

    /// <summary>A folder that was closed is all parts but for a short journal of open cases, one row a case.</summary>
    private static void AssertParts(MemoryFiles files, StoreModel model)
    {
        Assert.Equal(model.Open.Count > 0 ? 1 : 0, files.List(Folder.JournalFolder).Count);
        var parts = new PartFile(files, Plan.Schema, Folder.FullPath);
        var rows = files.List(Folder.ResultsFolder).SelectMany(name => parts.TryRead(Path.Combine(Folder.ResultsFolder, name))!.Value.Rows);
        Assert.Equal(model.Results.Values.Select(FakePlan.Tell), rows.OrderBy(row => row.Index).Select(FakePlan.Tell));
    }
}
