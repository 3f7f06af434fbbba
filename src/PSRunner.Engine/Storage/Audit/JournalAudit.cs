namespace PSRunner.Engine.Storage;

/// <summary>Looks into one journal file: is every byte a line, every line in its place, every case ended at most once.</summary>
/// <param name="path">The file.</param>
/// <param name="plan">The plan.</param>
/// <param name="artifacts">Checks the files that results name.</param>
/// <param name="report">Where findings go.</param>
internal sealed class JournalAudit(string path, AuditedPlan plan, ArtifactAudit artifacts, AuditReport report)
{
    private readonly Dictionary<int, int> _attempts = []; // The highest of each case in this file.
    private readonly Dictionary<int, int> _ended = []; // The attempt that ended each case; the first counts.
    private long _lastSeq;
    private int _endedTwice;
    private int _outOfOrder;
    private int _headLines;
    private bool _headIsWhole;

    /// <summary>The cases that have a result in the file, and the attempt.</summary>
    public IReadOnlyDictionary<int, int> Ended => _ended;

    /// <summary>Reads the file and reports what is wrong, except what <see cref="RunScan"/> reports: lines that had been durable and are gone.</summary>
    /// <param name="file">The file; closed by its owner.</param>
    /// <param name="number">Its number.</param>
    /// <param name="isWritten">True when its owner may be writing it: then its end may look torn.</param>
    /// <param name="closedSession">The session that was closed in order, whose files have whole ends; 0: none.</param>
    public void Check(Stream file, int number, bool isWritten, int closedSession)
    {
        using var journal = new JournalReader(file, plan.BatchId, number, new RecordParser(plan, ""));
        foreach (var line in journal.Read())
        {
            if (line.Seq > _lastSeq)
            {
                _lastSeq = line.Seq;
                Follow(line.Record);
            }
        }

        Tell(journal.MisplacedLines, "lines are in it twice or in the wrong place");
        Tell(_endedTwice, "cases ended more than once in it");
        Tell(_outOfOrder, "records name attempts in an order that no run has");
        if (isWritten)
        {
            return;
        }

        var endIsTorn = journal.TornLines > 0 || journal.EndsInDamage || !_headIsWhole || !EndsInNewline(file);
        var wasClosed = closedSession > 0 && (journal.Header is null || journal.Header.Session == closedSession);
        if (endIsTorn)
        {
            report.Add(
                wasClosed ? FindingSeverity.Error : FindingSeverity.Info, path,
                wasClosed ? "Its end is missing or damaged, although the session was closed in order." : "Its end is torn, as a crash leaves it. Nothing that was reported is missing.",
                report.Repair);
        }
        else if (journal.StrayBytes > 0 && journal.CorruptLines == 0)
        {
            report.Warning(path, $"{journal.StrayBytes} bytes of it belong to no line. All its lines are whole.", report.Repair);
        }
    }

    private void Follow(JournalRecord record)
    {
        switch (record)
        {
            case OpenRecord open:
                _headLines++;
                _headIsWhole |= _headLines == open.Of;
                foreach (var known in open.Cases)
                {
                    _attempts[known.Index] = known.Attempt;
                }

                break;
            case StartedRecord started:
                MoveOn(started.Index, started.Attempt);
                break;
            case AttemptEndedRecord ended:
                MoveOn(ended.Index, ended.Attempt);
                break;
            case CanceledRecord canceled:
                MoveOn(canceled.Index, canceled.Attempt);
                break;
            case ReopenedRecord reopened:
                _attempts[reopened.Index] = reopened.Attempt;
                break;
            case ResultRecord result:
                End(result);
                break;
        }
    }

    private void MoveOn(int index, int attempt)
    {
        var isBack = _attempts.TryGetValue(index, out var before) && attempt < before;
        _outOfOrder += isBack || _ended.ContainsKey(index) ? 1 : 0;
        _attempts[index] = Math.Max(attempt, before);
    }

    private void End(ResultRecord record)
    {
        var result = record.Result;
        if (plan.ProblemOf(result.Index, result.Id) is { } problem)
        {
            report.Error(path, $"It has a result of {problem}.", report.Repair);
            return;
        }

        if (!_ended.TryAdd(result.Index, result.Attempt))
        {
            _endedTwice++;
            return;
        }

        _outOfOrder += result.Attempt < _attempts.GetValueOrDefault(result.Index) ? 1 : 0;
        artifacts.Check(ListedArtifact.Of(record));
        if (record.Artifacts.Count == 0)
        {
            artifacts.CheckFolder(result.Index, result.ArtifactPath);
        }
    }

    private void Tell(long count, string what)
    {
        if (count > 0)
        {
            report.Error(path, $"{count} {what}. The first one counts.", report.Repair);
        }
    }

    private static bool EndsInNewline(Stream file)
    {
        file.Position = Math.Max(0, file.Length - 1);
        return file.ReadByte() == '\n';
    }
}
