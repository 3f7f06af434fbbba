namespace PSRunner.Engine.Storage;

/// <summary>Looks into one part: are its bytes those that were written, its rows those that it and the plan speak of.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="files">The disk.</param>
/// <param name="plan">The plan.</param>
/// <param name="artifacts">Checks the files that results name.</param>
/// <param name="report">Where findings go.</param>
internal sealed class PartAudit(RunFolder folder, IStoreFiles files, AuditedPlan plan, ArtifactAudit artifacts, AuditReport report)
{
    private readonly PartFile _parts = new(files, ResultSchema.Empty, "");

    /// <summary>Checks a part whose journal file is gone: it alone has these results.</summary>
    public void CheckSealed(int number)
    {
        if (Read(folder.PartFile(number), number, FindingSeverity.Error) is not var (label, rows))
        {
            return;
        }

        if (!label.Complete)
        {
            report.Error(
                folder.PartFile(number), "It was written while its journal file was still there, and that is gone: later results of that file may be missing.",
                report.Repair);
        }

        var listed = ReadList(number, label);
        artifacts.Check(listed);
        var withList = listed.Select(file => file.Path[..file.Path.LastIndexOf('/')]).ToHashSet(StringComparer.Ordinal);
        foreach (var row in rows.Where(row => !withList.Contains(row.ArtifactPath)))
        {
            artifacts.CheckFolder(row.Index, row.ArtifactPath);
        }
    }

    /// <summary>Checks a part whose journal file is there and has the word: whatever is wrong with it, nothing is lost.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="ended">What the journal file says.</param>
    public void CheckBesideJournal(int number, IReadOnlyDictionary<int, int> ended)
    {
        var path = folder.PartFile(number);
        if (Read(path, number, FindingSeverity.Warning) is var (_, rows)
            && rows.Count(row => !ended.TryGetValue(row.Index, out var attempt) || attempt != row.Attempt) is > 0 and var strangers)
        {
            report.Error(path, $"It has {strangers} rows that its journal file does not have.", report.Repair);
        }
    }

    /// <summary>Checks the rows that were taken out of a part; they count nowhere.</summary>
    public void CheckReplaced(int number) => Read(folder.ReplacedFile(number), number, FindingSeverity.Error);

    private (PartLabel Label, PartRow[] Rows)? Read(string path, int number, FindingSeverity severity)
    {
        try
        {
            if (_parts.IsWhole(path) == false)
            {
                report.Add(severity, path, "Its bytes are not those that were written: its hash of itself does not match.", report.Repair);
                return null;
            }

            if (_parts.TryReadRows(path) is not var (label, rows))
            {
                return null; // Not there, or just let go by its owner.
            }

            if (label.Batch != plan.BatchId || label.File != number)
            {
                report.Add(severity, path, $"It is part {label.File} of batch '{label.Batch}'.", report.Repair);
            }
            else
            {
                CheckRows(path, label, rows);
                return (label, rows);
            }
        }
        catch (Exception e) when (e is not (StoreException or OutOfMemoryException))
        {
            // Parquet.Net shows damage by exceptions of many kinds.
            report.Add(severity, path, $"It cannot be read ({e.Message.TrimEnd('.')}).", report.Repair);
        }

        return null;
    }

    private void CheckRows(string path, PartLabel label, PartRow[] rows)
    {
        if (label.Ids != PartLabel.HashOf(rows.Select(row => row.Id)))
        {
            report.Error(path, "Its rows are not those it was sealed with.", report.Repair);
        }

        // What was replaced may have several attempts of one case.
        var isPart = Path.GetDirectoryName(path) == folder.ResultsFolder;
        if (rows.Length - rows.DistinctBy(row => (row.Index, isPart ? 0 : row.Attempt)).Count() is > 0 and var twice)
        {
            report.Error(path, $"{twice} cases have more than one row in it.", report.Repair);
        }

        var problems = rows.Select(row => plan.ProblemOf(row.Index, row.Id)).OfType<string>().ToList();
        if (problems.Count > 0)
        {
            report.Error(path, $"{problems.Count} of its rows belong to no planned case, the first to {problems[0]}.", report.Repair);
        }
    }

    private List<ListedArtifact> ReadList(int number, PartLabel label)
    {
        if (label.Artifacts.Length == 0)
        {
            return [];
        }

        var path = folder.ArtifactList(number);
        var bytes = files.TryReadAll(path);
        if (bytes is not null && Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(bytes)) == label.Artifacts)
        {
            return [.. ListedArtifact.Read(bytes)];
        }

        report.Error(
            path, $"The list of the artifacts of part {number} is {(bytes is null ? "missing" : "not the one that was written")}; their bytes cannot be checked.",
            "Put the file back from a copy. The results themselves are whole.");
        return [];
    }
}
