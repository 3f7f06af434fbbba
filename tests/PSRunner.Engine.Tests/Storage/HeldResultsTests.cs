using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>A file is sealed from what its writer still holds, where that is little enough.</summary>
public sealed class HeldResultsTests
{
    private static readonly RunFolder Folder = new("/batches/held");
    private static readonly FakePlan Plan = new(200);

    [Fact]
    public void A_part_made_of_what_the_writer_holds_is_byte_for_byte_the_one_made_of_its_file()
    {
        var files = new MemoryFiles();
        var closed = Write(files, (log, store) =>
        {
            for (var i = 0; i < 100; i++)
            {
                Append(log, store, new ResultRecord(Plan.Result(i, output: i % 9 == 0 ? "half \ud83d of a pair" : ""))
                {
                    Unsaved = i % 10 == 0 ? [new Artifact("a.txt", new byte[i])] : [],
                });
            }

            // A later attempt replaces the row of an earlier one; an earlier one does not replace a later one's.
            Append(log, store, new ResultRecord(Plan.Result(3, attempt: 2)), new ResultRecord(Plan.Result(50, attempt: 3)));
            Append(log, store, new ResultRecord(Plan.Result(50, attempt: 2)), new ResultRecord(Unmeasured(150)));
        });
        var copy = files.AfterKill();

        Sealer(files).Seal(closed);
        Sealer(copy).Seal(closed with { Held = null });

        Assert.Equal(104, closed.Held!.Count);
        Assert.Equal(copy.Read(Folder.PartFile(1)), files.Read(Folder.PartFile(1)));
        Assert.Equal(copy.Read(Folder.ArtifactList(1)), files.Read(Folder.ArtifactList(1)));
        Assert.Empty(files.List(Folder.JournalFolder));
        Assert.Equal(101, new ResultReader(Folder, Plan, files).Read().Count());
    }

    [Fact]
    public void Results_of_much_text_are_not_held()
    {
        var files = new MemoryFiles();
        var text = new string('x', 120_000);
        var closed = Write(files, (log, store) =>
        {
            for (var i = 0; i < 150; i++)
            {
                Append(log, store, new ResultRecord(Plan.Result(i, output: text)));
            }
        });

        Assert.Null(closed.Held);
        Sealer(files).Seal(closed);
        Assert.Equal(150, new ResultReader(Folder, Plan, files).Read().Count(result => result.Output == text));
    }

    [Fact]
    public void What_was_written_and_is_not_durable_is_not_held()
    {
        var files = new MemoryFiles();
        var closed = Write(files, (log, store) =>
        {
            Append(log, store, new ResultRecord(Plan.Result(0)));
            files.Before = (_, _) => throw new IOException("No space left on device");
            Assert.Throws<IOException>(() => Append(log, store, new ResultRecord(Plan.Result(1))));
            files.Before = static (_, _) => { };
        });

        Assert.Equal([0], closed.Held!.Select(record => record.Result.Index));
    }

    private static ClosedFile Write(MemoryFiles files, Action<JournalLog, ArtifactStore> write)
    {
        using var log = new JournalLog(Folder, files, new JournalOptions
        {
            BatchId = Plan.BatchId, Schema = Plan.Schema, Session = new SessionRecord(1, FakePlan.Start, "{}"), Open = new OpenSet(),
        });
        write(log, new ArtifactStore(Folder, files, Durability.PowerLoss));
        return log.Close().Single(file => file.Number == 1);
    }

    private static void Append(JournalLog log, ArtifactStore store, params ResultRecord[] results)
    {
        ResultRecord[] group = [.. results.Select(result => ResultFit.Apply(result, store))];
        log.Write(group);
        log.Flush(group);
    }

    private static TestResult Unmeasured(int index) => new()
    {
        Id = FakePlan.IdOf(index), Index = index, Kind = "script", Name = "case " + index, Outcome = Outcomes.Passed, Scored = true, Attempt = 1,
        Session = 1, Score = double.PositiveInfinity, DurationSeconds = double.NegativeInfinity, StartedAt = FakePlan.Start.AddTicks(7),
        Batch = Plan.BatchId, Schema = Plan.Schema, ParameterValues = [.. Plan.Get(index).Parameters], MetricValues = [double.NaN, double.PositiveInfinity, 1],
    };

    private static PartSealer Sealer(MemoryFiles files) =>
        new(Folder, files, Plan, new Dictionary<int, Dictionary<int, bool>>(), static () => { });
}
