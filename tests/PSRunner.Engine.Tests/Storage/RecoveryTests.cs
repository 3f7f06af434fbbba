using System.Diagnostics;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

public class RecoveryTests(ITestOutputHelper output)
{
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(20);

    [Fact]
    public void An_empty_folder_is_a_batch_of_pending_cases()
    {
        var state = Recovery.Open(Folder, new MemoryFiles(), Plan);
        Assert.Equal((20, 0, 0), (state.Counts[0], state.LastFile, state.LastSession));
        Assert.Empty(state.Unsealed);
    }

    [Fact]
    public void What_ran_when_the_host_died_is_told_and_becomes_suspect_only_if_it_could_have_done_it()
    {
        var files = new MemoryFiles();
        using (var session = new Session(Folder, files, Plan))
        {
            session.Save(new StartedRecord(3, 1), new StartedRecord(4, 1), new StartedRecord(5, 1), new CanceledRecord(5, 1));
        }

        var open = Recovery.Open(Folder, files.AfterKill(), Plan).Open;
        Assert.Equal([3, 4], open.CutOff(index => index == 4));
        Assert.Equal([false, true, false], open.Cases.Select(known => known.Suspect));
        Assert.Equal([1, 1, 1], open.Cases.Select(known => known.Attempt));
        Assert.Empty(open.CutOff(_ => true));
    }

    [Fact]
    public void Acknowledged_lines_that_are_gone_from_the_end_of_an_older_file_are_told()
    {
        var files = new MemoryFiles();
        using (var first = new Session(Folder, files, Plan, resultsPerFile: 2))
        {
            first.Save(new ResultRecord(Plan.Result(0)), new ResultRecord(Plan.Result(1)));
        }

        var whole = files.Read(Folder.JournalFile(1));
        using (var second = new Session(Folder, files, Plan))
        {
            second.Save(new ResultRecord(Plan.Result(2, 1, 2)));
        }

        files.Put(Folder.JournalFile(1), whole[..^10]);
        files.Delete(Folder.PartFile(1));
        var state = Recovery.Open(Folder, files, Plan);
        Assert.Equal(2, state.Outcomes.Count(outcome => outcome != 0));
        var finding = Assert.Single(state.Findings, finding => finding.IsCorrupt);
        Assert.Equal("000001.jsonl", finding.File);
        Assert.Contains("1 lines at its end", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_believed_after_a_kill_survives_a_power_cut_that_follows()
    {
        var files = new MemoryFiles();
        // A process wrote this and died before it flushed; only the system still has it.
        using (var file = files.Create(Folder.JournalFile(7)))
        {
            file.Write(Line(7, new ResultRecord(Plan.Result(7))));
        }

        Assert.NotEqual(0, Recovery.Open(Folder, files, Plan).Outcomes[7]);
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.NotEqual(0, Recovery.Open(Folder, files.AfterPowerCut(new Random(seed)), Plan).Outcomes[7]);
        }
    }

    [Fact]
    public void What_a_failed_flush_left_in_a_file_is_in_no_part_twice()
    {
        var flushes = 0;
        var files = new MemoryFiles
        {
            Before = (_, words) =>
            {
                if (words == "flush 000001.jsonl" && ++flushes == 2)
                {
                    throw new IOException("Input/output error");
                }
            },
        };
        using var session = new Session(Folder, files, Plan);
        session.Save(new ResultRecord(Plan.Result(0)));
        session.Save(new ResultRecord(Plan.Result(1)));
        Assert.Equal(2, flushes);
        session.Close();
        var parts = new PartFile(files, Plan.Schema, Folder.FullPath);
        Assert.Equal([0], parts.TryRead(Folder.PartFile(1))!.Value.Rows.Select(r => r.Index));
        Assert.Equal([1], parts.TryRead(Folder.PartFile(2))!.Value.Rows.Select(r => r.Index));
    }

    [Fact]
    public void Within_an_attempt_the_first_record_counts_over_attempts_the_highest_and_what_was_reopened_does_not()
    {
        var index = new ResultIndex(4);
        Assert.True(index.Add(1, new ResultKeyRecord(0, 1, 1)));
        Assert.True(index.Add(2, new ResultKeyRecord(0, 1, 2)));
        Assert.Equal((1, 1), (index.Outcomes[0], index.FileOf(0)));
        Assert.False(index.Superseded[2][0]); // A copy: dropped.

        index.Add(2, new ResultKeyRecord(1, 2, 3));
        index.Add(3, new ResultKeyRecord(1, 1, 4));
        index.Add(4, new ResultKeyRecord(1, 3, 5));
        Assert.Equal((5, 4, 3), (index.Outcomes[1], index.FileOf(1), index.AttemptOf(1)));
        Assert.True(index.Superseded[2][1] && index.Superseded[3][1]);

        index.Add(1, new ResultKeyRecord(2, 0, 6)); // Skipped without an attempt.
        Assert.Equal(6, index.Outcomes[2]);
        index.Reopen(2, 0);
        index.Add(3, new ResultKeyRecord(2, 0, 6));
        Assert.Equal((0, 0), (index.Outcomes[2], index.FileOf(2)));
        index.Add(4, new ResultKeyRecord(2, 1, 1));
        Assert.Equal((1, 4), (index.Outcomes[2], index.FileOf(2)));
        Assert.False(index.Add(1, new ResultKeyRecord(4, 1, 1)));
        Assert.True(index.Take(4, 2, 1));
        Assert.False(index.Take(4, 2, 1));
    }

    private static ReadOnlySpan<byte> Line(int file, JournalRecord record)
    {
        var buffer = new GroupBuffer();
        using var lines = new LineWriter(buffer, Plan.Schema);
        lines.BeginFile(Plan.BatchId, file);
        lines.BeginGroup();
        lines.Write(record);
        return buffer.From(0);
    }

    [Fact]
    public void A_journal_from_which_something_durable_is_missing_is_kept_beside_its_part()
    {
        var files = new MemoryFiles();
        using (var first = new Session(Folder, files, Plan))
        {
            first.Save(new ResultRecord(Plan.Result(0)), new ResultRecord(Plan.Result(1)));
            first.Save(new ResultRecord(Plan.Result(2)));
        }

        var bytes = files.Read(Folder.JournalFile(1));
        bytes[bytes.AsSpan().IndexOf("\"result\""u8)]++;
        files.Put(Folder.JournalFile(1), bytes);
        using (var second = new Session(Folder, files, Plan))
        {
            Assert.Contains("1 lines are damaged", Assert.Single(second.State.Findings).Message, StringComparison.Ordinal);
            second.Save(new StartedRecord(0, 2));
        }

        Assert.Equal(["000001.jsonl.damaged", "000002.jsonl"], files.List(Folder.JournalFolder));
        Assert.Equal([1, 2], new ResultReader(Folder, Plan, files).Read().Select(r => r.Index));
        Assert.Empty(Recovery.Open(Folder, files, Plan).Findings);
    }

    [Fact]
    public void A_part_that_cannot_be_read_is_set_aside_and_its_cases_run_again()
    {
        var files = new MemoryFiles();
        using (var session = new Session(Folder, files, Plan, resultsPerFile: 2))
        {
            for (var i = 0; i < 5; i++)
            {
                session.Save(new ResultRecord(Plan.Result(i)));
            }

            session.Close();
        }

        files.Put(Folder.PartFile(2), files.Read(Folder.PartFile(2))[..^7]);
        files.Put(Folder.PartFile(1) + ".tmp", [1, 2, 3]);
        var state = Recovery.Open(Folder, files, Plan);
        Assert.Equal([0, 1, 4], state.Outcomes.Index().Where(o => o.Item != 0).Select(o => o.Index));
        Assert.True(Assert.Single(state.Findings).IsCorrupt);
        Assert.Equal(["part-000001.parquet", "part-000002.parquet.damaged", "part-000003.parquet"], files.List(Folder.ResultsFolder));
        Assert.Equal(3, state.LastFile);
    }

    [Fact]
    public void Many_sealed_results_are_recovered_quickly_from_the_real_disk()
    {
        const int Parts = 20;
        using var temp = new TempFolder();
        var plan = new FakePlan(Parts * 10_000);
        var files = DiskFiles.Instance;
        var folder = new RunFolder(Path.Combine(temp.FullPath, "many"));
        folder.Create(files);

        var clock = Stopwatch.StartNew();
        var writer = new PartFile(files, plan.Schema, folder.FullPath);
        for (var part = 0; part < Parts; part++)
        {
            TestResult[] rows = [.. Enumerable.Range(part * 10_000, 10_000).Select(i => plan.Result(i, output: "-"))];
            writer.Write(folder.PartFile(part + 1), rows, new PartLabel(plan.BatchId, part + 1, 1, 0, "", true));
        }

        output.WriteLine($"written and verified: {plan.Count / clock.Elapsed.TotalSeconds:N0} rows/s");
        var before = GC.GetAllocatedBytesForCurrentThread();
        clock.Restart();
        var state = Recovery.Open(folder, files, plan);
        output.WriteLine($"recovered: {clock.ElapsedMilliseconds} ms, {(GC.GetAllocatedBytesForCurrentThread() - before) >> 20} MiB allocated");
        Assert.Equal(0, state.Counts[0]);
        Assert.Equal(Parts, state.LastFile);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60));

        clock.Restart();
        Assert.Equal(plan.Count, new ResultReader(folder, plan).Read().Count());
        output.WriteLine($"read whole: {plan.Count / clock.Elapsed.TotalSeconds:N0} rows/s");
    }
}
