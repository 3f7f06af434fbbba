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
        parts.Write(Folder.PartFile(1), [other], new PartLabel(Plan.BatchId, 1, 1, 0, "", true));

        Assert.Equal(Told(0, 1, 2, 3), Read(files));
        Reopen(files);
        Assert.Equal(Told(0, 1, 2, 3), Read(files));
        Assert.Equal(Told(0, 1, 2, 3), parts.TryRead(Folder.PartFile(1))!.Value.Rows.Select(FakePlan.Tell));
    }

    /// <summary>A checkpoint has the same results: damage in one of the two costs nothing.</summary>
    [Fact]
    public void A_result_whose_line_is_damaged_or_gone_is_read_from_the_part_of_a_checkpoint()
    {
        var whole = new MemoryFiles();
        using (var session = new Session(Folder, whole, Plan))
        {
            session.Save([.. Enumerable.Range(0, 3).Select(i => new ResultRecord(Plan.Result(i)))]);
            session.Sealer.WriteOpenPart(session.Durable);
            session.Save(new StartedRecord(3, 1));
            session.Save(new ResultRecord(Plan.Result(3)));
        }

        var journal = whole.Read(Folder.JournalFile(1));
        for (var at = 0; at < journal.Length; at++)
        {
            foreach (var damaged in (byte[][])[[.. journal[..at], (byte)(journal[at] ^ 4), .. journal[(at + 1)..]], journal[..at]])
            {
                var files = whole.AfterKill();
                files.Put(Folder.JournalFile(1), damaged);
                var read = Read(files);
                Assert.Equal(Told(0, 1, 2), read.Take(3));
                Reopen(files);
                Assert.Equal(read, Read(files));
                Assert.Equal(read, new PartFile(files, Plan.Schema, "").TryRead(Folder.PartFile(1))!.Value.Rows.OrderBy(row => row.Index).Select(FakePlan.Tell));
            }
        }
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

    [Fact]
    public void A_line_that_a_writer_of_before_adds_after_the_opening_is_in_no_part()
    {
        // The disk stood still, its writer was given up, the folder got a new owner, and then the write came through.
        var files = Written();
        var state = Recovery.Open(Folder, files, Plan);
        files.Put(Folder.JournalFile(1), [.. files.Read(Folder.JournalFile(1)), .. LineOf(files, 5)]);
        Assert.Equal(Told(0, 1, 2, 3, 5), Read(files));
        var sealer = new PartSealer(Folder, files, Plan, state.Superseded, static () => { });
        foreach (var file in state.Unsealed)
        {
            sealer.Seal(file);
        }

        Assert.Equal(Told(0, 1, 2, 3), Read(files));
    }

    [Fact]
    public void Damage_in_rows_that_were_replaced_holds_up_nobody()
    {
        var files = new MemoryFiles();
        RunAgain(files, attempt: 1);
        RunAgain(files, attempt: 2);
        var replaced = files.Read(Folder.ReplacedFile(1));
        replaced[replaced.Length / 2] ^= 1;
        files.Put(Folder.ReplacedFile(1), replaced);
        var reader = new ResultReader(Folder, Plan, files);
        Assert.Equal([2], reader.ReadAllAttempts().Select(result => result.Attempt));
        Assert.Equal("part-000001.parquet", Assert.Single(reader.Findings).File);

        RunAgain(files, attempt: 3);
        Assert.Equal([2, 3], new ResultReader(Folder, Plan, files).ReadAllAttempts().Select(result => result.Attempt));
        Assert.Empty(files.List(Folder.JournalFolder));
    }

    [Fact]
    public void Every_attempt_is_read_also_of_a_part_whose_rows_were_all_replaced()
    {
        var files = new MemoryFiles();
        RunAgain(files, attempt: 1);
        RunAgain(files, attempt: 2);
        Assert.Equal(["part-000002.parquet"], files.List(Folder.ResultsFolder));
        Assert.Equal([1, 2], new ResultReader(Folder, Plan, files).ReadAllAttempts().Select(result => result.Attempt));
    }

    /// <summary>What another process reads of a live journal is shown to somebody, so it may not be gone after a power cut.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_reader_was_shown_of_a_journal_that_is_written_survives_a_power_cut(bool forces)
    {
        var lost = 0;
        for (var seed = 0; seed < 50; seed++)
        {
            var files = new MemoryFiles();
            var session = new Session(Folder, files, Plan);
            session.WriteOnly(new ResultRecord(Plan.Result(0)), new ResultRecord(Plan.Result(1)));
            var read = 0;
            files.Before = (_, words) =>
            {
                if (words.StartsWith("flush ", StringComparison.Ordinal) && words.EndsWith(".jsonl", StringComparison.Ordinal) && read++ == 0)
                {
                    // The writer goes on while the reader reads.
                    session.WriteOnly(new ResultRecord(Plan.Result(2)));
                }
            };
            var seen = new ResultReader(Folder, Plan, files) { Forces = forces }.ReadAllAttempts().Select(FakePlan.Tell).ToList();
            Assert.Equal(Told(0, 1), seen);
            lost += seen.Except(Read(files.AfterPowerCut(new Random(seed)))).Count();
        }

        Assert.Equal(forces, lost == 0);
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

    /// <summary>A session that runs one case again, or for the first time, and is closed in order.</summary>
    private static void RunAgain(MemoryFiles files, int attempt)
    {
        using var session = new Session(Folder, files, Plan, prepare: state => state.Reopen(0));
        session.Save(new ResultRecord(Plan.Result(0, attempt)));
        session.Close();
    }

    /// <summary>The line of a result as a writer would add it to the first journal file.</summary>
    private static byte[] LineOf(MemoryFiles files, int index)
    {
        var copy = new MemoryFiles();
        using var session = new Session(Folder, copy, Plan);
        session.Save(new ResultRecord(Plan.Result(0)), new ResultRecord(Plan.Result(1)));
        session.Save(new ResultRecord(Plan.Result(2)), new ResultRecord(Plan.Result(3)));
        var length = copy.Read(Folder.JournalFile(1)).Length;
        Assert.Equal(files.Read(Folder.JournalFile(1)), copy.Read(Folder.JournalFile(1)));
        session.Save(new ResultRecord(Plan.Result(index)));
        return copy.Read(Folder.JournalFile(1))[length..];
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
