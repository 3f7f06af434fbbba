using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>One session on a run folder without threads: what the writer and the sealer do, step by step.</summary>
internal sealed class Session : IDisposable
{
    private readonly JournalLog _log;
    private readonly ArtifactStore _artifacts;

    public Session(RunFolder folder, IStoreFiles files, IPlannedCases plan, int resultsPerFile = 10_000, Action<RecoveredState>? prepare = null)
    {
        State = Recovery.Open(folder, files, plan);
        prepare?.Invoke(State);
        CutOff = State.Open.CutOff(_ => true);
        Sealer = new PartSealer(folder, files, plan, State.Superseded, static () => { });
        _artifacts = new ArtifactStore(folder, files, Durability.PowerLoss);
        _log = new JournalLog(folder, files, new JournalOptions
        {
            BatchId = plan.BatchId,
            Schema = plan.Schema,
            Session = new SessionRecord(State.LastSession + 1, FakePlan.Start, "{\"throttle\":20}"),
            Open = State.Open,
            LastFile = State.LastFile,
            LastSeq = State.LastSeq,
            Unsealed = State.Unsealed,
            Reopened = State.Reopened,
            ResultsPerFile = resultsPerFile,
        });
    }

    public RecoveredState State { get; }

    public IReadOnlyList<int> CutOff { get; }

    public PartSealer Sealer { get; }

    public int Number => State.LastSession + 1;

    public Checkpoint Durable => new(_log.Number, _log.DurableLength);

    public OpenSet Open => _log.Open;

    /// <summary>The other way round, to prove that tests would notice: files are let go latest first.</summary>
    public bool SealsBackwards { get; init; }

    /// <summary>Makes records durable as one group, trying again while the disk refuses, and seals what that closed.</summary>
    public void Save(params JournalRecord[] records) => Seal(Write(records));

    /// <summary>Makes records durable as one group, trying again while the disk refuses; returns what may be sealed now.</summary>
    public IReadOnlyList<ClosedFile> Write(params JournalRecord[] records)
    {
        while (true)
        {
            try
            {
                var kept = Array.ConvertAll(records, record => record is ResultRecord result ? ResultFit.Apply(result, _artifacts) : record);
                _log.Write(kept);
                return _log.Flush(kept);
            }
            catch (IOException)
            {
            }
        }
    }

    /// <summary>Writes records as one group that is not made durable.</summary>
    public void WriteOnly(params JournalRecord[] records) => _log.Write(records);

    /// <summary>Seals files, each until the disk lets it.</summary>
    public void Seal(IReadOnlyList<ClosedFile> files)
    {
        foreach (var file in SealsBackwards ? files.Reverse() : files)
        {
            SealUntilDone(file);
        }
    }

    public void Close() => Seal(_log.Close());

    public void Dispose() => _log.Dispose();

    private void SealUntilDone(ClosedFile file)
    {
        while (true)
        {
            try
            {
                Sealer.Seal(file);
                return;
            }
            catch (IOException)
            {
            }
        }
    }
}
