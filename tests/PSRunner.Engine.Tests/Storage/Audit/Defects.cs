using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage.Audit;

/// <summary>One way to damage a store.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Stores">The stores it can be done to.</param>
/// <param name="Do">Does it and returns the files, relative to the run folder, one of which a finding must name.</param>
internal sealed record Defect(string Name, string[] Stores, Func<string, Random, string[]> Do)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What can happen to the files of a run folder.</summary>
internal static class Defects
{
    private const string Plan = "plan.jsonl";
    private const string Batch = "batch.json";
    private const string Status = "status.json";
    private static readonly string[] Any = [AuditStores.Finished, AuditStores.Stopped, AuditStores.Killed, AuditStores.Retried];
    private static readonly string[] Sealed = [AuditStores.Finished, AuditStores.Stopped, AuditStores.Retried];
    private static readonly string[] WithJournal = [AuditStores.Stopped, AuditStores.Killed];
    private static readonly string[] Killed = [AuditStores.Killed];

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("a bit of a part flips", Sealed, (f, r) => Flip(f, r, Pick(f, r, "results"))),
        new("a bit of the journal flips", WithJournal, (f, r) => Flip(f, r, Pick(f, r, "journal"))),
        new("a bit of the plan flips", Any, (f, r) => Flip(f, r, Plan)),
        new("a bit of batch.json flips", Any, (f, r) => Flip(f, r, Batch)),
        new("a bit of an artifact flips", Any, (f, r) => Flip(f, r, PickArtifact(f, r))),
        new("a bit of a list of artifacts flips", Sealed, (f, r) => Flip(f, r, Pick(f, r, "artifacts"))),
        new("a bit of a shared text flips", Any, (f, r) => Flip(f, r, Pick(f, r, "resources"))),
        new("a bit of replaced rows flips", [AuditStores.Retried], (f, r) => Flip(f, r, Pick(f, r, "attempts"))),
        new("a part is cut", Sealed, (f, r) => Cut(f, r, Pick(f, r, "results"))),
        new("the journal of a stopped batch is cut", [AuditStores.Stopped], (f, r) => Cut(f, r, Pick(f, r, "journal"))),
        new("the plan is cut", Any, (f, r) => Cut(f, r, Plan)),
        new("batch.json is cut", Any, (f, r) => Cut(f, r, Batch)),
        new("an artifact is cut", Any, (f, r) => Cut(f, r, PickArtifact(f, r))),
        new("a part is deleted", Sealed, (f, r) => [.. Delete(f, Pick(f, r, "results")), Status]),
        new("the journal of a lost batch is deleted", Killed, (f, r) => [.. Delete(f, Pick(f, r, "journal")), Status]),
        new("the plan is deleted", Any, (f, _) => Delete(f, Plan)),
        new("batch.json is deleted", Any, (f, _) => Delete(f, Batch)),
        new("the status is deleted", Any, (f, _) => Delete(f, Status)),
        new("the lock is deleted", Any, (f, _) => Delete(f, "owner.lock")),
        new("an artifact is deleted", Any, (f, r) => Delete(f, PickArtifact(f, r))),
        new("a list of artifacts is deleted", Sealed, (f, r) => Delete(f, Pick(f, r, "artifacts"))),
        new("a shared text is deleted", Any, (f, r) => Delete(f, Pick(f, r, "resources"))),
        new("a sector of a part is zeros", Sealed, (f, r) => Zero(f, r, Pick(f, r, "results"))),
        new("a sector of the journal is zeros", WithJournal, (f, r) => Zero(f, r, Pick(f, r, "journal"))),
        new("a sector of the plan is zeros", Any, (f, r) => Zero(f, r, Plan)),
        new("a line of the journal is repeated", WithJournal, RepeatLine),
        new("bytes are put between lines", WithJournal, InsertBytes),
        new("a page of zeros follows the journal", WithJournal, (f, r) => Append(f, Pick(f, r, "journal"), new byte[4096])),
        new("bytes follow a part", Sealed, (f, r) => Append(f, Pick(f, r, "results"), [.. "more"u8])),
        new("a case is added to the plan", Any, (f, _) => Append(f, Plan, [.. File.ReadAllBytes(Path.Combine(f, Plan)).TakeWhile(b => b != '\n'), (byte)'\n'])),
        new("a part stands under another number", Sealed, (f, r) => Copy(f, Pick(f, r, "results"), "results/part-000009.parquet")),
        new("a journal file stands under another number", WithJournal, (f, r) => Copy(f, Pick(f, r, "journal"), "journal/000009.jsonl")),
        new("a part is of another batch", Sealed, (f, r) => Rewrite(f, r, (label, rows) => (label with { Batch = "other-20261123-200000-abcd" }, rows))),
        new("a part has a result of no planned case", Sealed, (f, r) => Rewrite(f, r, (label, rows) => (label, [.. rows.Skip(1), Moved(rows[0], 99)]))),
        new("a part has a result under another's id", Sealed, (f, r) => Rewrite(f, r, (label, rows) => (label, [.. rows.Skip(1), Moved(rows[0], rows[1].Index)]))),
        new("a part was a checkpoint only", Sealed, (f, r) => Rewrite(f, r, (label, rows) => (label with { Complete = false }, rows))),
        new("a part has lost a row", Sealed, (f, r) => [.. Rewrite(f, r, (label, rows) => (label, rows[1..])), Status]),
        new("two parts have the same rows", [AuditStores.Finished], (f, r) => Rewrite(f, r, (label, rows) => (label with { File = 2 }, rows), "results/part-000002.parquet")),
        new("a journal file has a result of no planned case", Killed, (f, _) => Journal(f, result => [Moved(result, 99)])),
        new("a journal file ends a case twice", Killed, (f, _) => Journal(f, result => [result, result])),
        new("a temporary file is left", Any, (f, r) => Write(f, new[] { "results/part-000001.parquet.tmp", "status.json.tmp", "batch.json.tmp", "artifacts/part-000001.jsonl.tmp" }[r.Next(4)])),
        new("a damaged file was set aside", Any, (f, r) => Write(f, new[] { "results/part-000007.parquet.damaged", "journal/000007.jsonl.damaged" }[r.Next(2)])),
        new("a stranger lies among the parts", Any, (f, _) => Write(f, "results/stranger.parquet")),
    ];

    private static string Pick(string folder, Random random, string parent)
    {
        var found = Directory.GetFiles(Path.Combine(folder, parent)).Order(StringComparer.Ordinal).ToArray();
        return $"{parent}/{Path.GetFileName(found[random.Next(found.Length)])}";
    }

    private static string PickArtifact(string folder, Random random)
    {
        var found = Directory.GetFiles(Path.Combine(folder, "artifacts"), "*.txt", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        return Path.GetRelativePath(folder, found[random.Next(found.Length)]).Replace('\\', '/');
    }

    private static string[] Change(string folder, string name, Func<byte[], byte[]> change)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, change(File.ReadAllBytes(path)));
        return [name];
    }

    private static string[] Flip(string folder, Random random, string name) => Change(folder, name, bytes =>
    {
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    });

    private static string[] Cut(string folder, Random random, string name) => Change(folder, name, bytes => bytes[..random.Next(bytes.Length)]);

    private static string[] Zero(string folder, Random random, string name) => Change(folder, name, bytes =>
    {
        var start = random.Next((bytes.Length + 511) / 512) * 512;
        bytes.AsSpan(start, Math.Min(512, bytes.Length - start)).Clear();
        return bytes;
    });

    private static string[] Append(string folder, string name, byte[] more) => Change(folder, name, bytes => [.. bytes, .. more]);

    private static string[] Delete(string folder, string name)
    {
        File.Delete(Path.Combine(folder, name));
        return [name];
    }

    private static string[] Write(string folder, string name)
    {
        File.WriteAllText(Path.Combine(folder, name), "left");
        return [name];
    }

    private static string[] Copy(string folder, string name, string to)
    {
        File.Copy(Path.Combine(folder, name), Path.Combine(folder, to));
        return [to];
    }

    private static string[] RepeatLine(string folder, Random random) => Change(folder, Pick(folder, random, "journal"), bytes =>
    {
        var lines = Lines(bytes);
        var line = random.Next(lines.Count);
        lines.Insert(random.Next(line + 1, lines.Count + 1), lines[line]);
        return [.. lines.SelectMany(l => l)];
    });

    private static string[] InsertBytes(string folder, Random random) => Change(folder, Pick(folder, random, "journal"), bytes =>
    {
        var lines = Lines(bytes);
        lines.Insert(random.Next(lines.Count + 1), [.. "{\"seq\":1,\"crc\":\"00000000\"}\n"u8]);
        return [.. lines.SelectMany(l => l)];
    });

    private static List<byte[]> Lines(byte[] bytes)
    {
        var lines = new List<byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = bytes.AsSpan(at).IndexOf((byte)'\n') + 1;
            lines.Add(bytes[at..(at + length)]);
            at += length;
        }

        return lines;
    }

    private static string[] Rewrite(string folder, Random random, Func<PartLabel, TestResult[], (PartLabel, TestResult[])> change, string? to = null)
    {
        var name = Pick(folder, random, "results");
        using var plan = BatchPlan.Open(new RunFolder(folder), []);
        var parts = new PartFile(DiskFiles.Instance, plan.Schema, folder);
        var (label, rows) = parts.TryRead(Path.Combine(folder, name))!.Value;
        var (newLabel, newRows) = change(label, rows);
        parts.Write(Path.Combine(folder, to ?? name), newRows, newLabel);
        return [to ?? name];
    }

    private static string[] Journal(string folder, Func<TestResult, TestResult[]> make)
    {
        var run = new RunFolder(folder);
        using var plan = BatchPlan.Open(run, []);
        var some = new ResultReader(run, plan).Read().First();
        using var log = new JournalLog(run, DiskFiles.Instance, new JournalOptions
        {
            BatchId = plan.BatchId, Schema = plan.Schema, Session = new SessionRecord(2, FakePlan.Start, "{}"), Open = new OpenSet(), LastFile = 1, LastSeq = 1,
        });
        JournalRecord[] records = [.. make(some).Select(result => new ResultRecord(result))];
        log.Write(records);
        log.Flush(records);
        return ["journal/000002.jsonl"];
    }

    private static TestResult Moved(TestResult r, int index) => new()
    {
        Outcome = r.Outcome, Kind = r.Kind, Name = r.Name, Attempt = r.Attempt, Session = r.Session, StartedAt = r.StartedAt, Batch = r.Batch,
        RunFolder = r.RunFolder, Index = index, Id = r.Id, Schema = r.Schema, ParameterValues = r.ParameterValues, MetricValues = r.MetricValues,
        Cause = r.Cause, FaultDomain = r.FaultDomain, Scored = r.Scored, Score = r.Score, DurationSeconds = r.DurationSeconds, Message = r.Message,
        Output = r.Output, ArtifactPath = r.ArtifactPath, OtherMetrics = r.OtherMetrics,
    };
}
