using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>A small journal, cut at every byte and with every bit flipped.</summary>
public class JournalDamageTests
{
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(8);
    private static readonly string[] Expected = [.. Enumerable.Range(0, 8).Select(i => FakePlan.Tell(Plan.Result(i)))];

    [Fact]
    public void Cut_at_every_byte_it_still_gives_every_whole_line_and_calls_the_end_torn()
    {
        var (bytes, groupEnds) = Write();
        for (var length = 0; length < bytes.Length; length++)
        {
            var (results, reader) = Read(bytes[..length]);
            var whole = bytes.AsSpan(0, length).Count((byte)'\n');
            var certain = groupEnds.Where(end => end.Length <= length).Select(end => end.Results).DefaultIfEmpty().Max();
            Assert.True(results.Count >= certain);
            Assert.Equal(Enumerable.Range(0, results.Count), results.Select(r => r.Index));
            Assert.All(results, r => Assert.Equal(Expected[r.Index], FakePlan.Tell(r)));
            Assert.True(reader.LastSeq == whole || reader.LastSeq == whole + 1); // A line may lack no more than its newline.
            Assert.Equal(0, reader.CorruptLines);
        }
    }

    [Fact]
    public void With_any_bit_flipped_it_loses_one_line_at_most_believes_nothing_wrong_and_calls_acknowledged_loss_corrupt()
    {
        var (bytes, groupEnds) = Write();
        var lastGroup = groupEnds[^2].Length;
        var all = Plan.Count;
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            var (results, reader) = Read(damaged);
            Assert.True(results.Count >= all - 1, $"bit {bit}: {results.Count}");
            Assert.All(results, r => Assert.Equal(Expected[r.Index], FakePlan.Tell(r)));
            if (damaged.AsSpan().Count((byte)'\n') == bytes.AsSpan().Count((byte)'\n'))
            {
                // Every flip loses exactly its line; in a group that was followed by another that is corruption.
                Assert.Equal(bit / 8 < lastGroup ? 1 : 0, reader.CorruptLines);
            }
        }
    }

    [Fact]
    public void A_line_that_is_there_again_is_not_believed_again_and_one_in_the_wrong_place_still_is()
    {
        var files = new MemoryFiles();
        var model = new StoreModel();
        using (var session = new Session(Folder, files, Plan))
        {
            JournalRecord[] records =
            [
                new StartedRecord(0, 1), new AttemptEndedRecord(0, 1, Causes.WorkerCrash, "", 1, true), new StartedRecord(0, 2),
                new StartedRecord(1, 1), new ResultRecord(Plan.Result(1)), new StartedRecord(2, 1), new CanceledRecord(2, 1),
            ];
            foreach (var record in records)
            {
                session.Save(record);
                model.Apply(record);
            }
        }

        var path = Folder.JournalFile(1);
        string[] lines = [.. System.Text.Encoding.UTF8.GetString(files.Read(path)).TrimEnd('\n').Split('\n')];
        for (var line = 0; line < lines.Length; line++)
        {
            for (var place = line + 1; place <= lines.Length; place++)
            {
                Put(path, [.. lines[..place], lines[line], .. lines[place..]]);
                Assert.Empty(model.Compare(Folder, files, Plan));
            }
        }

        Put(path, [.. lines[..^3], lines[^2], lines[^3], lines[^1]]);
        Assert.Empty(model.Compare(Folder, files, Plan));

        void Put(string path, string[] content) => files.Put(path, System.Text.Encoding.UTF8.GetBytes(string.Join('\n', content) + '\n'));
    }

    [Fact]
    public void Lines_of_another_file_or_batch_are_no_lines_of_this_one()
    {
        var (bytes, _) = Write();
        Assert.Empty(Read(bytes, number: 2).Results);
        Assert.Empty(Read(bytes, batch: "other").Results);
    }

    [Fact]
    public void A_file_of_a_newer_format_is_refused()
    {
        var buffer = new GroupBuffer();
        using var lines = new LineWriter(buffer, Plan.Schema);
        lines.BeginFile(Plan.BatchId, 1);
        lines.BeginGroup();
        lines.Write(new HeaderRecord(HeaderRecord.CurrentFormat + 1, Plan.BatchId, 1, 1, 0, 0));
        var error = Assert.Throws<TestBatchException>(() => Read(buffer.From(0).ToArray()));
        Assert.Equal("RunFolderTooNew", error.ErrorId);
    }

    [Fact]
    public void Every_record_comes_back_as_it_was_written()
    {
        JournalRecord[] records =
        [
            new HeaderRecord(1, Plan.BatchId, 1, 3, 2, 17),
            new SessionRecord(3, FakePlan.Start, "{\"throttle\":4}"),
            new StartedRecord(4, 2),
            new AttemptEndedRecord(4, 2, Causes.Throttled, "say \"when\"", 1.5, true),
            new AttemptEndedRecord(5, 1, Causes.Lost, "", double.NaN, false),
            new CanceledRecord(4, 3),
            new ReopenedRecord(6, 1),
        ];
        var open = new OpenRecord(1, 1, [new OpenCase(4, 3, 2, 1, true, false), new OpenCase(9, 1, 0, 0, false, true)]);
        var buffer = new GroupBuffer();
        using var lines = new LineWriter(buffer, Plan.Schema);
        lines.BeginFile(Plan.BatchId, 1);
        lines.BeginGroup();
        Array.ForEach(records, lines.Write);
        lines.Write(open);
        using var reader = Reader(buffer.From(0).ToArray());
        var back = reader.Read().Select(line => line.Record).ToArray();
        Assert.Equal(records, back[..^1]);
        Assert.Equal(open.Cases, Assert.IsType<OpenRecord>(back[^1]).Cases);
    }

    private static (byte[] Bytes, List<(int Length, int Results)> GroupEnds) Write()
    {
        var files = new MemoryFiles();
        using var session = new Session(Folder, files, Plan);
        var ends = new List<(int, int)>();
        for (var i = 0; i < Plan.Count; i += 2)
        {
            session.Save([.. Enumerable.Range(i, 2).Select(index => new ResultRecord(Plan.Result(index)))]);
            ends.Add((files.Read(Folder.JournalFile(1)).Length, i + 2));
        }

        return (files.Read(Folder.JournalFile(1)), ends);
    }

    private static (List<TestResult> Results, JournalReader Reader) Read(byte[] bytes, int number = 1, string? batch = null)
    {
        using var reader = Reader(bytes, number, batch);
        return ([.. reader.Read().Select(line => line.Record).OfType<ResultRecord>().Select(record => record.Result)], reader);
    }

    private static JournalReader Reader(byte[] bytes, int number = 1, string? batch = null) =>
        new(new MemoryStream(bytes), batch ?? Plan.BatchId, number, new RecordParser(Plan, ""));
}
