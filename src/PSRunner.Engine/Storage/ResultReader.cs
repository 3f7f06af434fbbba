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

    /// <summary>True where another process writes or wrote the journal (<see cref="RunScan.Read"/>).</summary>
    internal bool Forces { get; init; }

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
        var scan = Scan();
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
    /// Every result of each case: those too that a case run again has replaced, before the one that counts. Holds one file's
    /// results in memory and some forty bytes a result.
    /// </summary>
    /// <inheritdoc cref="Read"/>
    public IEnumerable<TestResult> ReadAllAttempts()
    {
        var scan = Scan();
        var seen = new HashSet<(int Index, int Attempt)>();

        // A part of which every row was replaced is gone.
        var replaced = _files.List(_folder.AttemptsFolder).Select(RunFolder.NumberOf).Where(number => number > 0);
        foreach (var number in scan.Numbers.Union(replaced).Order())
        {
            // In this order: a row is in attempts/ before it leaves its part.
            TestResult[] rows = [.. ReadFile(scan, number)];
            foreach (var result in ReadReplaced(number).Concat(rows).Where(result => seen.Add((result.Index, result.Attempt))))
            {
                yield return result;
            }
        }
    }

    private RunScan Scan()
    {
        var scan = RunScan.Read(_folder, _files, _plan.BatchId, _plan.Count, Forces);
        Findings = scan.Findings;
        return scan;
    }

    private TestResult[] ReadReplaced(int number)
    {
        var path = _folder.ReplacedFile(number);
        if (_parts.IsWhole(path) != false)
        {
            return _parts.TryRead(path)?.Rows ?? [];
        }

        Findings = [.. Findings, new RecoveryFinding(Path.GetFileName(path), true, "It is damaged. Results that were replaced are missing; those that count are not in it.")];
        return [];
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
                var rows = ahead?.Now() ?? ReadFile(scan, scan.Numbers[i]);
                var next = i + 1 < scan.Numbers.Count ? scan.Numbers[i + 1] : 0;
                ahead = next > 0 && !journals.Contains(next) ? Synchronous.OnOwnThread(() => ReadFile(scan, next)) : null;
                yield return (scan.Numbers[i], rows);
            }
        }
        finally
        {
            ahead?.Ended();
        }
    }

    private IEnumerable<TestResult> ReadFile(RunScan scan, int number)
    {
        var stream = _files.TryOpenRead(_folder.JournalFile(number));
        if (stream is null)
        {
            return _parts.TryRead(_folder.PartFile(number))?.Rows ?? [];
        }

        var rows = ReadJournal(stream, number, scan.LengthOf(number));
        return scan.NeedsPartBeside(number) ? rows.Concat(_parts.TryRead(_folder.PartFile(number))?.Rows ?? []) : rows;
    }

    private IEnumerable<TestResult> ReadJournal(Stream stream, int number, long length)
    {
        using var journal = new JournalReader(stream, _plan.BatchId, number, new RecordParser(_plan, _folder.FullPath), length);
        foreach (var line in journal.Read())
        {
            if (line.Record is ResultRecord { Result: var result })
            {
                yield return result;
            }
        }
    }
}
