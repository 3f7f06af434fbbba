using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>The rows of the table in RUNFOLDER.md, "Recovery", that no other test shows by themselves.</summary>
public class RecoveryRulesTests
{
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(8);

    [Fact]
    public void When_journal_and_part_both_hold_a_result_the_journal_has_the_word()
    {
        var files = Written();
        var parts = new PartFile(files, Plan.Schema, "");
        var other = Plan.Result(0, attempt: 1, output: "what the part says");
        parts.Write(Folder.PartFile(1), [other, Plan.Result(7)], new PartLabel(Plan.BatchId, 1, 1, 0, "", true));

        Assert.Equal(Told(0, 1, 2, 3), Read(files));
        Reopen(files);
        Assert.Equal(Told(0, 1, 2, 3), Read(files));
        Assert.Equal(Told(0, 1, 2, 3), parts.TryRead(Folder.PartFile(1))!.Value.Rows.Select(FakePlan.Tell));
    }

    [Fact]
    public void A_part_whose_rename_was_lost_is_made_again_and_what_is_left_of_it_goes()
    {
        var files = Written();
        var whole = files.AfterKill();
        Reopen(whole);
        files.Put(Folder.PartFile(1) + ".tmp", whole.Read(Folder.PartFile(1)));

        Reopen(files);
        Assert.Equal(["part-000001.parquet"], files.List(Folder.ResultsFolder));
        Assert.Empty(files.List(Folder.JournalFolder));
        Assert.Equal(Told(0, 1, 2, 3), Read(files));
    }

    [Fact]
    public void A_deletion_that_was_lost_changes_nothing()
    {
        var files = Written();
        var journal = files.Read(Folder.JournalFile(1));
        Reopen(files);
        var part = files.Read(Folder.PartFile(1));
        files.Put(Folder.JournalFile(1), journal);

        Assert.Equal(Told(0, 1, 2, 3), Read(files));
        Reopen(files);
        Assert.Equal(part, files.Read(Folder.PartFile(1)));
        Assert.Empty(files.List(Folder.JournalFolder));
    }

    [Fact]
    public void A_part_without_its_footer_is_made_again_as_long_as_its_journal_is_there()
    {
        var files = Written();
        var journal = files.Read(Folder.JournalFile(1));
        Reopen(files);
        files.Put(Folder.PartFile(1), files.Read(Folder.PartFile(1))[..^300]);
        files.Put(Folder.JournalFile(1), journal);

        Reopen(files);
        Assert.Equal(Told(0, 1, 2, 3), Read(files));
        Assert.Equal(["part-000001.parquet"], files.List(Folder.ResultsFolder));
    }

    /// <summary>Opening never makes it worse: what was believed once is believed after every later opening, whatever broke into them.</summary>
    [Fact]
    public void A_damaged_folder_that_is_opened_again_and_again_says_the_same()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            var chance = new Random(seed);
            var files = Written();
            if (seed % 3 > 0)
            {
                Reopen(files); // A part now, and a second journal file beside it.
                using var second = new Session(Folder, files, Plan);
                second.Save(new ResultRecord(Plan.Result(4, 1, 2)), new StartedRecord(5, 1));
            }

            foreach (var path in Paths(files).Where(_ => chance.Next(2) == 0))
            {
                var bytes = files.Read(path);
                var at = chance.Next(bytes.Length);
                bytes.AsSpan(at, Math.Min(chance.Next(1, 200), bytes.Length - at)).Clear();
                files.Put(path, chance.Next(2) == 0 ? bytes : bytes[..at]);
            }

            var believed = Read(files);
            for (var time = 0; time < 4; time++)
            {
                var left = chance.Next(1, 30);
                files.Before = (_, words) => left -= MemoryFiles.OnlyReads(words) ? 0 : left > 0 ? 1 : throw new Stopped();
                try
                {
                    Reopen(files);
                }
                catch (Stopped)
                {
                }

                files = time % 2 == 0 ? files.AfterPowerCut(chance) : files.AfterKill();
                Assert.Equal(believed, Read(files));
            }
        }
    }

    private static MemoryFiles Written()
    {
        var files = new MemoryFiles();
        using var session = new Session(Folder, files, Plan);
        session.Save(new ResultRecord(Plan.Result(0)), new ResultRecord(Plan.Result(1)));
        session.Save(new ResultRecord(Plan.Result(2)), new ResultRecord(Plan.Result(3)));
        return files;
    }

    private static void Reopen(MemoryFiles files)
    {
        using var session = new Session(Folder, files, Plan);
        session.Save();
        session.Close();
    }

    private static List<string> Paths(MemoryFiles files) =>
        [.. new[] { Folder.JournalFolder, Folder.ResultsFolder }.SelectMany(parent => files.List(parent).Select(name => Path.Combine(parent, name)))];

    private static List<string> Read(MemoryFiles files) =>
        [.. new ResultReader(Folder, Plan, files).Read().OrderBy(result => result.Index).Select(FakePlan.Tell)];

    private static List<string> Told(params int[] cases) => [.. cases.Select(index => FakePlan.Tell(Plan.Result(index)))];

    /// <summary>The machine is gone; nothing catches this.</summary>
    private sealed class Stopped : Exception;
}
