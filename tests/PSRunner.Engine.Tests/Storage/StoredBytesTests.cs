using System.Text;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// A fuzzer of stored bytes: whatever became of a file, reading it throws nothing but what its readers expect, believes
/// nothing that was not written, and still finds all that is whole.
/// </summary>
public sealed class StoredBytesTests(ITestOutputHelper output) : IDisposable
{
    private const int Sector = 512;
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(8);
    private static readonly string[] Expected = [.. Enumerable.Range(0, 8).Select(i => FakePlan.Tell(Plan.Result(i)))];
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void A_journal_whose_bytes_changed_gives_every_whole_line_and_nothing_else()
    {
        var bytes = WriteJournal();
        var lines = LinesOf(bytes);
        var count = 0;
        foreach (var change in Changes(bytes).Concat(LineChanges(bytes, lines)))
        {
            var (results, seqs) = ReadJournal(change.Bytes);
            count++;
            foreach (var (start, end) in lines)
            {
                var seq = lines.IndexOf((start, end)) + 1;
                Assert.True(seqs.Contains(seq) || !change.Spares(start, end), $"{change.What}: line {seq} is whole and was not found");
            }

            Assert.True(results.All(r => Expected[r.Index] == FakePlan.Tell(r)), $"{change.What}: something else was believed");
            Assert.Equal(seqs.Count, seqs.Distinct().Count());
            if (count % 50 == 0)
            {
                CheckStore(change);
            }
        }

        output.WriteLine($"{count} changes of {bytes.Length} bytes in {lines.Count} lines");
        Assert.True(count > 60_000);
    }

    [Fact]
    public void A_line_with_a_right_checksum_and_any_content_is_at_most_a_line_that_is_not_understood()
    {
        var bytes = WriteJournal();
        var lines = LinesOf(bytes);
        var chance = new Random(1);
        var checksum = new LineChecksum(Plan.BatchId, 1);
        for (var round = 0; round < 20_000; round++)
        {
            var (start, end) = lines[chance.Next(lines.Count)];
            var line = bytes[start..end];
            for (var changes = chance.Next(1, 4); changes > 0; changes--)
            {
                // Digits above all: numbers are what code believes too easily.
                var at = chance.Next(line.Length - LineChecksum.Size);
                line[at] = char.IsAsciiDigit((char)line[at]) ? (byte)"0123456789-eE."[chance.Next(14)] : chance.Next(2) == 0 ? line[at] : (byte)chance.Next(32, 127);
            }

            checksum.WriteEnd(line.AsSpan(0, line.Length - LineChecksum.Size), line.AsSpan(line.Length - LineChecksum.Size));
            var files = new MemoryFiles();
            files.Put(Folder.JournalFile(1), [.. bytes[..start], .. line, .. bytes[end..]]);
            try
            {
                var state = new RecoveredState(RunScan.Read(Folder, files, Plan.BatchId, Plan.Count));
                Assert.Equal(Plan.Count, state.Counts.Sum());
                Assert.All(new ResultReader(Folder, Plan, files).Read(), result => Assert.InRange(result.Index, 0, Plan.Count - 1));
            }
            catch (TestBatchException e) when (e.ErrorId == "RunFolderTooNew")
            {
            }
        }
    }

    [Fact]
    public void A_part_whose_bytes_changed_is_not_believed()
    {
        var files = new MemoryFiles();
        var path = Folder.PartFile(1);
        var rows = Enumerable.Range(0, Plan.Count).Select(i => Plan.Result(i)).ToList();
        new PartFile(files, Plan.Schema, "").Write(path, rows, new PartLabel(Plan.BatchId, 1, 1, 0, "", true));
        var bytes = files.Read(path);
        var count = 0;
        foreach (var change in Changes(bytes, every: 3))
        {
            var damaged = new MemoryFiles();
            damaged.Put(path, change.Bytes);
            count++;
            var state = new RecoveredState(RunScan.Read(Folder, damaged, Plan.BatchId, Plan.Count));
            Assert.True(state.Counts[0] == Plan.Count && state.Findings.Count == 1, $"{change.What}: {Plan.Count - state.Counts[0]} results are believed");
        }

        output.WriteLine($"{count} changes of {bytes.Length} bytes");
        Assert.True(count > 20_000);
    }

    [Fact]
    public void A_plan_whose_bytes_changed_is_refused_with_a_word()
    {
        var bytes = WritePlan();
        var path = Path.Combine(_temp.FullPath, "plan.jsonl");
        var hash = "";
        var count = 0;
        File.WriteAllBytes(path, bytes);
        using (var plan = FrozenPlan.Open(DiskFiles.Instance, path, NoShared))
        {
            hash = plan.Hash;
        }

        foreach (var change in Changes(bytes, every: 3))
        {
            File.WriteAllBytes(path, change.Bytes);
            count++;
            try
            {
                using var plan = FrozenPlan.Open(DiskFiles.Instance, path, NoShared);
                Assert.False(plan.Hash == hash, $"{change.What} is not seen");
                for (var i = 0; i < plan.Count; i++)
                {
                    plan.Load(i); // As when it is overwritten while the batch runs.
                }
            }
            catch (TestBatchException e) when (e.ErrorId is "PlanDamaged" or "PlanChanged")
            {
            }
        }

        output.WriteLine($"{count} changes of {bytes.Length} bytes");
        Assert.True(count > 5_000);
    }

    [Fact]
    public void A_manifest_whose_bytes_changed_is_refused_with_a_word()
    {
        var bytes = new BatchManifest
        {
            Version = "1.0.0",
            Id = Plan.BatchId,
            StartedAt = FakePlan.Start,
            PlanHash = FakePlan.IdOf(1),
            Planned = 8,
            Options = new BatchOptions { OutputPath = "out" },
            Parameters = Plan.Schema.Parameters,
            Metrics = Plan.Schema.Metrics,
            Executors = new Dictionary<string, string> { ["noop"] = "noop/1" },
        }.ToBytes();
        var path = Path.Combine(_temp.FullPath, "batch.json");
        var count = 0;
        File.WriteAllBytes(path, bytes);
        Assert.Equal(8, BatchManifest.Read(path).Planned);
        foreach (var change in Changes(bytes, every: 3))
        {
            File.WriteAllBytes(path, change.Bytes);
            count++;
            Assert.Contains(Assert.Throws<TestBatchException>(() => BatchManifest.Read(path)).ErrorId, (string[])["BatchDamaged", "BatchTooNew"]);
        }

        output.WriteLine($"{count} changes of {bytes.Length} bytes");
        Assert.True(count > 5_000);
    }

    /// <summary>What became of a file, and which of its old bytes are untouched, with what stands around them.</summary>
    private sealed record Change(string What, byte[] Bytes, int From, int To)
    {
        public bool Spares(int start, int end) => end <= From || start >= To;
    }

    /// <summary>Cut at every byte; every bit flipped; and at every byte a sector lost, zeroed, overwritten, or put in between.</summary>
    private static IEnumerable<Change> Changes(byte[] bytes, int every = 1)
    {
        var chance = new Random(bytes.Length);
        for (var at = 0; at < bytes.Length; at++)
        {
            yield return new Change($"cut at {at}", bytes[..at], at, bytes.Length);
            for (var bit = 0; bit < 8; bit += every)
            {
                var flipped = (byte[])bytes.Clone();
                flipped[at] ^= (byte)(1 << bit);
                yield return new Change($"bit {bit} of byte {at}", flipped, at, at + 1);
            }
        }

        for (var at = 0; at < bytes.Length; at += every)
        {
            var end = Math.Min(at + Sector, bytes.Length);
            var zeros = new byte[end - at];
            var noise = new byte[end - at];
            chance.NextBytes(noise);
            var other = chance.Next(bytes.Length - zeros.Length + 1);
            var stale = bytes[other..(other + zeros.Length)];
            foreach (var (name, page) in (IEnumerable<(string, byte[])>)[("nothing", []), ("zeros", zeros), ("noise", noise), ("an old page", stale)])
            {
                if (!page.AsSpan().SequenceEqual(bytes.AsSpan(at, end - at)))
                {
                    yield return new Change($"{name} instead of {at} to {end}", [.. bytes[..at], .. page, .. bytes[end..]], at, end);
                }

                if (page.Length > 0)
                {
                    yield return new Change($"{name} put in at {at}", [.. bytes[..at], .. page, .. bytes[at..]], at, at);
                }
            }
        }
    }

    /// <summary>Every line again at every later place, every line gone, every two neighbours changed about.</summary>
    private static IEnumerable<Change> LineChanges(byte[] bytes, List<(int Start, int End)> lines)
    {
        foreach (var (start, end) in lines)
        {
            yield return new Change($"without the line at {start}", [.. bytes[..start], .. bytes[(end + 1)..]], start, end);
            foreach (var (later, _) in lines.Where(line => line.Start > start))
            {
                yield return new Change($"the line at {start} again at {later}", [.. bytes[..later], .. bytes[start..(end + 1)], .. bytes[later..]], later, later);
            }
        }

        foreach (var ((start, end), (_, last)) in lines.Zip(lines.Skip(1)))
        {
            yield return new Change($"the line at {start} behind the next", [.. bytes[..start], .. bytes[(end + 1)..(last + 1)], .. bytes[start..(end + 1)], .. bytes[(last + 1)..]], start, start);
        }
    }

    private static void CheckStore(Change change)
    {
        var files = new MemoryFiles();
        files.Put(Folder.JournalFile(1), change.Bytes);
        using var session = new Session(Folder, files, Plan);
        session.Save(new StartedRecord(0, 2));
        session.Close();
        var rows = new ResultReader(Folder, Plan, files).Read().ToList();
        Assert.True(rows.All(r => Expected[r.Index] == FakePlan.Tell(r)), $"{change.What}: something else was sealed");
    }

    private static byte[] WriteJournal()
    {
        var files = new MemoryFiles();
        using var session = new Session(Folder, files, Plan);
        for (var i = 0; i < Plan.Count; i += 2)
        {
            session.Save(new StartedRecord(i, 1), new StartedRecord(i + 1, 1));
            session.Save(new ResultRecord(Plan.Result(i)), new ResultRecord(Plan.Result(i + 1)));
        }

        return files.Read(Folder.JournalFile(1));
    }

    /// <summary>Where lines begin and end, newlines apart.</summary>
    private static List<(int Start, int End)> LinesOf(byte[] bytes)
    {
        var lines = new List<(int, int)>();
        for (var at = 0; at < bytes.Length;)
        {
            var end = at + bytes.AsSpan(at).IndexOf((byte)'\n');
            lines.Add((at, end));
            at = end + 1;
        }

        return lines;
    }

    private static (List<TestResult> Results, List<long> Seqs) ReadJournal(byte[] bytes)
    {
        using var reader = new JournalReader(new MemoryStream(bytes), Plan.BatchId, 1, new RecordParser(Plan, ""));
        var results = new List<TestResult>();
        var seqs = new List<long>();
        foreach (var line in reader.Read())
        {
            seqs.Add(line.Seq);
            if (line.Record is ResultRecord { Result: var result })
            {
                results.Add(result);
            }
        }

        return (results, seqs);
    }

    private static byte[] WritePlan()
    {
        using var bytes = new MemoryStream();
        using var plan = new PlanWriter(bytes.Write, [new NoopExecutor()]);
        for (var i = 0; i < 4; i++)
        {
            plan.Add(new TestCase("noop", "case " + i, [new("Model", "sim"), new("Rate", i / 2.0), new("Strict", true)])
            {
                Lane = "lane", TestTimeoutSeconds = 5, RetryCount = 2, Tags = ["a", "b"], Definition = "{\"x\":[1,2]}",
            });
        }

        plan.Finish();
        return bytes.ToArray();
    }

    private static SharedDefinition NoShared(string hash) => new(hash, Encoding.UTF8.GetString("{}"u8));
}
