namespace PSRunner.Engine.Storage;

/// <summary>What is known of a case that was started and has no result that counts.</summary>
/// <param name="Index">The case.</param>
/// <param name="Attempt">The highest attempt that was started.</param>
/// <param name="Tries">Attempts that ended with a cause and counted.</param>
/// <param name="Crashes">Workers it took down.</param>
/// <param name="Running">True between start and end of an attempt.</param>
/// <param name="Suspect">True when it ran while the host died.</param>
internal readonly record struct OpenCase(int Index, int Attempt, int Tries, int Crashes, bool Running, bool Suspect);

/// <summary>
/// The cases between untouched and finished. Small (what runs and what waits for a retry), so every journal file can begin
/// with it, and no file is needed to understand a later one. Not safe for many threads.
/// </summary>
internal sealed class OpenSet
{
    // Changed with every record, read with every file.
    private readonly Dictionary<int, OpenCase> _cases = [];

    /// <summary>The cases in the order of the plan.</summary>
    public IEnumerable<OpenCase> Cases => _cases.Values.OrderBy(known => known.Index);

    /// <summary>How many there are.</summary>
    public int Count => _cases.Count;

    /// <summary>What is known of a case; nothing but its index when it is not in the set.</summary>
    public OpenCase this[int index] => _cases.TryGetValue(index, out var known) ? known : new OpenCase { Index = index };

    /// <summary>Follows one record.</summary>
    public void Apply(JournalRecord record)
    {
        switch (record)
        {
            case StartedRecord started:
                var known = this[started.Index];
                Set(known with { Attempt = Math.Max(started.Attempt, known.Attempt), Running = true });
                break;
            case AttemptEndedRecord ended:
                var before = this[ended.Index];
                Set(before with
                {
                    Attempt = Math.Max(ended.Attempt, before.Attempt),
                    Running = false,
                    Tries = before.Tries + (ended.CountsAsTry ? 1 : 0),
                    Crashes = before.Crashes + (ended.Cause == Causes.WorkerCrash ? 1 : 0),
                });
                break;
            case CanceledRecord canceled:
                Set(this[canceled.Index] with { Attempt = Math.Max(canceled.Attempt, this[canceled.Index].Attempt), Running = false });
                break;
            case ReopenedRecord reopened:
                // A new chance: tries and crashes of the old result are forgotten, the number of its attempt is not.
                Set(new OpenCase { Index = reopened.Index, Attempt = Math.Max(reopened.Attempt, this[reopened.Index].Attempt) });
                break;
            case ResultRecord result:
                Remove(result.Result.Index);
                break;
            case ResultKeyRecord result:
                Remove(result.Index);
                break;
            case OpenRecord open:
                foreach (var listed in open.Cases)
                {
                    Set(listed);
                }

                break;
        }
    }

    /// <summary>Puts a case in or replaces what was known of it.</summary>
    public void Set(OpenCase known) => _cases[known.Index] = known;

    /// <summary>Takes a case out.</summary>
    public void Remove(int index) => _cases.Remove(index);

    /// <summary>Takes all cases out.</summary>
    public void Clear() => _cases.Clear();

    /// <summary>A copy that goes its own way.</summary>
    public OpenSet Copy()
    {
        var copy = new OpenSet();
        foreach (var known in Cases)
        {
            copy.Set(known);
        }

        return copy;
    }

    /// <summary>
    /// After a host died: nothing runs any more. Returns what ran, in the order of the plan; a single one was alone in
    /// the crash. Those that could have caused it become suspects.
    /// </summary>
    /// <param name="canCrashHost">Whether a case's code ran inside the host.</param>
    public IReadOnlyList<int> CutOff(Predicate<int> canCrashHost)
    {
        var cut = Cases.Where(known => known.Running).ToArray();
        foreach (var known in cut)
        {
            Set(known with { Running = false, Suspect = known.Suspect || canCrashHost(known.Index) });
        }

        return [.. cut.Select(known => known.Index)];
    }
}
