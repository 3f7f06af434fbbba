namespace PSRunner.Engine.Storage;

/// <summary>Reads the results of a run folder: of a batch that runs, that died, or that ended.</summary>
public sealed class ResultReader
{
    private readonly RunFolder _folder;
    private readonly IPlannedCases _plan;
    private readonly IStoreFiles _files;
    private readonly PartFile _parts;

    /// <param name="folder">The run folder.</param>
    /// <param name="plan">Its plan.</param>
    public ResultReader(RunFolder folder, IPlannedCases plan)
        : this(folder, plan, DiskFiles.Instance)
    {
    }

    internal ResultReader(RunFolder folder, IPlannedCases plan, IStoreFiles files)
    {
        _folder = folder;
        _plan = plan;
        _files = files;
        _parts = new PartFile(files, plan.Schema, folder.FullPath);
    }

    /// <summary>What was found damaged when <see cref="Read"/> began; results that are lost to it are left out.</summary>
    public IReadOnlyList<RecoveryFinding> Findings { get; private set; } = [];

    /// <summary>
    /// The one result that counts of each finished case, as things stand when the reading begins, in the order in which the
    /// cases ended. Holds two files' results in memory and nine bytes a planned case.
    /// </summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="TestBatchException">A later version wrote a file.</exception>
    public IEnumerable<TestResult> Read()
    {
        var scan = RunScan.Read(_folder, _files, _plan.BatchId, _plan.Count);
        Findings = scan.Findings;
        foreach (var (number, rows) in ReadAhead(scan))
        {
            foreach (var result in rows)
            {
                if (scan.Index.Take(number, result.Index, result.Attempt))
                {
                    yield return result;
                }
            }
        }
    }

    /// <summary>
    /// Every result of each case: those too that a case run again has replaced, before the one that counts. Holds eight bytes
    /// a result.
    /// </summary>
    /// <inheritdoc cref="Read"/>
    public IEnumerable<TestResult> ReadAllAttempts()
    {
        var scan = RunScan.Read(_folder, _files, _plan.BatchId, _plan.Count);
        Findings = scan.Findings;
        var seen = new HashSet<(int Index, int Attempt)>();
        foreach (var number in scan.Numbers)
        {
            foreach (var result in (_parts.TryRead(_folder.ReplacedFile(number))?.Rows ?? []).Concat(ReadFile(number)))
            {
                if (seen.Add((result.Index, result.Attempt)))
                {
                    yield return result;
                }
            }
        }
    }

    /// <summary>The files in their order. While one is looked at, the next part is decoded.</summary>
    private IEnumerable<(int Number, IEnumerable<TestResult> Rows)> ReadAhead(RunScan scan)
    {
        var journals = scan.Journals.ToHashSet();
        Task<IEnumerable<TestResult>>? ahead = null;
        try
        {
            for (var i = 0; i < scan.Numbers.Count; i++)
            {
                var rows = ahead?.Now() ?? ReadFile(scan.Numbers[i]);
                var next = i + 1 < scan.Numbers.Count ? scan.Numbers[i + 1] : 0;
                ahead = next > 0 && !journals.Contains(next) ? Synchronous.OnOwnThread(() => ReadFile(next)) : null;
                yield return (scan.Numbers[i], rows);
            }
        }
        finally
        {
            ahead?.Ended();
        }
    }

    private IEnumerable<TestResult> ReadFile(int number)
    {
        var stream = _files.TryOpenRead(_folder.JournalFile(number));
        if (stream is null)
        {
            return _parts.TryRead(_folder.PartFile(number))?.Rows ?? [];
        }

        return ReadJournal(stream, number);
    }

    private IEnumerable<TestResult> ReadJournal(Stream stream, int number)
    {
        using var journal = new JournalReader(stream, _plan.BatchId, number, new RecordParser(_plan, _folder.FullPath));
        foreach (var line in journal.Read())
        {
            if (line.Record is ResultRecord { Result: var result })
            {
                yield return result;
            }
        }
    }
}
