using System.IO.Hashing;

namespace PSRunner.Engine.Storage;

/// <summary>Makes parts of journal files. Every step may be the last before a crash: doing it all again gives the same.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="files">The disk.</param>
/// <param name="plan">The plan.</param>
/// <param name="superseded">Rows that do not count, by file (<see cref="RecoveredState.Superseded"/>).</param>
/// <param name="verifyOwner">Asked before a file is put in place: <see cref="OwnerLock.Verify"/>.</param>
internal sealed class PartSealer(
    RunFolder folder,
    IStoreFiles files,
    IPlannedCases plan,
    IReadOnlyDictionary<int, Dictionary<int, bool>> superseded,
    Action verifyOwner)
{
    private readonly PartFile _parts = new(files, plan.Schema, folder.FullPath);

    /// <summary>
    /// Makes the part of a closed file what it should be, from what its writer holds, or the journal file, or, when that is
    /// gone, the part itself: one row a case, without rows that do not count. Then the journal file goes.
    /// </summary>
    /// <exception cref="IOException">The disk refuses; do it again.</exception>
    public void Seal(ClosedFile file)
    {
        var journal = file.Held is { } held ? Content(held) : WithPartBeside(file.Number, ReadJournal(file.Number, file.LastSeq));
        if (journal is null)
        {
            files.FlushFolder(folder.JournalFolder); // It may be gone because this very flush failed the last time.
        }

        var content = journal is null ? _parts.TryRead(folder.PartFile(file.Number)) : (LabelOf(file.Number, journal), journal.Rows);
        if (content is not var (label, rows))
        {
            return;
        }

        verifyOwner();
        if (journal is { Artifacts: { Count: > 0 } artifacts })
        {
            label = label with { Artifacts = KeepList(file.Number, artifacts) };
        }

        var without = superseded.GetValueOrDefault(file.Number);
        if (without is { Count: > 0 })
        {
            KeepReplaced(file.Number, label, rows.Where(row => without.GetValueOrDefault(row.Index)));
            rows = [.. rows.Where(row => !without.ContainsKey(row.Index))];
        }

        var part = folder.PartFile(file.Number);
        if (rows.Length > 0)
        {
            Write(part, rows, label with { Complete = true });
        }
        else
        {
            files.Delete(part);
            files.FlushFolder(folder.ResultsFolder);
        }

        if (journal is null)
        {
            return;
        }

        if (journal.IsDamaged)
        {
            // Something durable is missing from it: what is left stays, under another name, to be looked into.
            files.Rename(folder.JournalFile(file.Number), folder.JournalFile(file.Number) + ".damaged");
        }
        else
        {
            files.Delete(folder.JournalFile(file.Number));
        }

        // Gone for good before a later file goes: that one may say that results of this one are void.
        files.FlushFolder(folder.JournalFolder);
    }

    /// <summary>Writes the part of the file that is being written, as far as it is durable. The journal file stays.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void WriteOpenPart(Checkpoint at)
    {
        if (ReadJournal(at.File, long.MaxValue, at.Length) is { Rows: { Length: > 0 } rows } journal)
        {
            verifyOwner();
            Write(folder.PartFile(at.File), rows, LabelOf(at.File, journal));
        }
    }

    /// <summary>Keeps what only the journal file says of artifacts; returns the hash by which the part vouches for it.</summary>
    private string KeepList(int number, List<ListedArtifact> artifacts)
    {
        var path = folder.ArtifactList(number);
        var list = ListedArtifact.ToBytes(artifacts);
        if (files.TryReadAll(path) is not { } there || !there.AsSpan().SequenceEqual(list))
        {
            files.Replace(path, list);
        }
        else
        {
            files.FlushFolder(folder.ArtifactsFolder); // As in Write.
        }

        return Convert.ToHexStringLower(XxHash128.Hash(list));
    }

    private void Write(string path, TestResult[] rows, PartLabel label)
    {
        if (IsThere(path, rows, label))
        {
            files.FlushFolder(folder.ResultsFolder); // It may be there because this very flush failed the last time.
        }
        else
        {
            _parts.Write(path, rows, label);
        }
    }

    private bool IsThere(string path, TestResult[] rows, PartLabel label)
    {
        try
        {
            return _parts.Verify(path) is { } there && there == label.Of(rows);
        }
        catch (Exception e) when (e is not (StoreException or OutOfMemoryException))
        {
            return false; // Damaged; what replaces it is at hand.
        }
    }

    /// <summary>Adds rows to those that were taken out of this part before.</summary>
    private void KeepReplaced(int number, PartLabel label, IEnumerable<TestResult> replaced)
    {
        var path = folder.ReplacedFile(number);
        if (_parts.IsWhole(path) == false)
        {
            files.Rename(path, path + ".damaged"); // Rows that count nowhere must not hold up those that do.
        }

        var before = _parts.TryRead(path)?.Rows ?? [];
        TestResult[] rows = [.. before.Concat(replaced).DistinctBy(row => (row.Index, row.Attempt))];
        if (rows.Length > before.Length)
        {
            _parts.Write(path, rows, label with { Complete = true });
        }
        else if (rows.Length > 0)
        {
            files.FlushFolder(folder.AttemptsFolder); // As in Write.
        }
    }

    private static JournalContent Content(IReadOnlyList<ResultRecord> held)
    {
        var content = new JournalContent(held.Count) { Session = held is [var first, ..] ? first.Result.Session : 0 };
        foreach (var record in held)
        {
            content.Add(record);
        }

        return content;
    }

    /// <summary>The results of a journal file; null when the file is gone.</summary>
    private JournalContent? ReadJournal(int number, long lastSeq, long length = long.MaxValue)
    {
        var stream = files.TryOpenRead(folder.JournalFile(number));
        if (stream is null)
        {
            return null;
        }

        using var journal = new JournalReader(stream, plan.BatchId, number, new RecordParser(plan, folder.FullPath), length);
        var content = new JournalContent();
        foreach (var line in journal.Read().Where(line => line.Seq <= lastSeq))
        {
            if (line.Record is ResultRecord record)
            {
                content.Add(record);
            }
        }

        content.Session = journal.Header?.Session ?? 0;
        content.IsDamaged = journal.CorruptLines > 0 || (journal.LastSeq == 0 && journal.EndsInDamage);
        return content;
    }

    /// <summary>A line that is damaged, or an end that is gone, may have become a row before.</summary>
    private JournalContent? WithPartBeside(int number, JournalContent? content)
    {
        if (content is null)
        {
            return null;
        }

        try
        {
            var path = folder.PartFile(number);
            var rows = _parts.IsWhole(path) == true && _parts.TryRead(path) is var (label, there)
                && label.Batch == plan.BatchId && label.File == number ? there : [];
            foreach (var row in rows)
            {
                content.Add(new ResultRecord(row));
            }
        }
        catch (Exception e) when (e is not (StoreException or OutOfMemoryException))
        {
            // As in IsThere.
        }

        return content;
    }

    private PartLabel LabelOf(int number, JournalContent journal) =>
        new(plan.BatchId, number, journal.Session, Rows: 0, Ids: "", Complete: false);
}
