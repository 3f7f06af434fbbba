namespace PSRunner.Engine.Storage;

/// <summary>What is true of a batch as a new session begins.</summary>
internal sealed class RecoveredState
{
    private readonly RunScan _scan;
    private readonly List<ReopenedRecord> _reopened = [];

    /// <param name="scan">What the files hold.</param>
    public RecoveredState(RunScan scan)
    {
        _scan = scan;
        Counts = new int[PSRunner.Outcomes.All.Count + 1];
        foreach (var outcome in scan.Index.Outcomes)
        {
            Counts[outcome]++;
        }
    }

    /// <summary>Of each case the place of its outcome in <see cref="PSRunner.Outcomes.All"/>, from 1; 0: pending.</summary>
    public byte[] Outcomes => _scan.Index.Outcomes;

    /// <summary>How many cases have each of these values.</summary>
    public int[] Counts { get; }

    /// <summary>Cases that were started and have no result; those still marked running were cut off by the death of the host.</summary>
    public OpenSet Open => _scan.Open;

    /// <summary>The highest number of a journal file or part; 0: none.</summary>
    public int LastFile => _scan.Numbers.Concat(_scan.DamagedParts).DefaultIfEmpty().Max();

    /// <summary>The last line of that file that is believed; 0 when it is a part.</summary>
    public long LastSeq => _scan.LastSeqOf(LastFile);

    /// <summary>The last session that wrote something; 0: none.</summary>
    public int LastSession => _scan.LastSession;

    /// <summary>What was damaged.</summary>
    public IReadOnlyList<RecoveryFinding> Findings => _scan.Findings;

    /// <summary>
    /// Files whose part is missing, unfinished, or holds rows that do not count; for <see cref="JournalOptions.Unsealed"/>. Each
    /// as far as it was read: a writer that was given up while the disk stood still may yet add a line.
    /// </summary>
    public IReadOnlyList<ClosedFile> Unsealed =>
        [.. _scan.Journals.Select(number => new ClosedFile(number, _scan.LastSeqOf(number)))
            .Concat(Superseded.Keys.Except(_scan.Journals).Select(number => new ClosedFile(number))).OrderBy(file => file.Number)];

    /// <summary>Rows that do not count, by file; for the <see cref="Sealer"/>.</summary>
    public IReadOnlyDictionary<int, Dictionary<int, bool>> Superseded => _scan.Index.Superseded;

    /// <summary>The records of <see cref="Reopen"/>; for <see cref="JournalOptions.Reopened"/>.</summary>
    public IReadOnlyList<ReopenedRecord> Reopened => _reopened;

    /// <summary>The journal of the session that begins now, after everything that was recovered. The open set becomes the journal's.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="owner">Of the run folder.</param>
    /// <param name="started">When it begins.</param>
    /// <param name="limits">Its limits as a JSON object; empty where it runs no case.</param>
    public JournalOptions BeginSession(IPlannedCases plan, OwnerLock owner, DateTimeOffset started, string limits = "{}") => new()
    {
        BatchId = plan.BatchId,
        Schema = plan.Schema,
        Session = new SessionRecord(LastSession + 1, started.UtcDateTime, limits),
        Open = Open,
        Reopened = Reopened,
        LastFile = LastFile,
        LastSeq = LastSeq,
        Unsealed = Unsealed,
        VerifyOwner = owner.Verify,
    };

    /// <summary>Makes a finished case pending again. Its old row moves to attempts/ once the record is durable.</summary>
    public void Reopen(int index)
    {
        var outcome = Outcomes[index];
        if (outcome == 0)
        {
            return;
        }

        var record = new ReopenedRecord(index, _scan.Index.AttemptOf(index));
        _reopened.Add(record);
        _scan.Index.Reopen(record.Index, record.Attempt);
        Open.Apply(record);
        Counts[outcome]--;
        Counts[0]++;
    }
}
