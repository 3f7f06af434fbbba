namespace PSRunner.Engine.Storage;

/// <summary>
/// Which result of each case counts, found by one rule: within an attempt the first record wins, over attempts the highest,
/// and what was reopened is void. Files are added in the order of their numbers. Nine bytes a case.
/// </summary>
/// <param name="count">Cases in the plan.</param>
internal sealed class ResultIndex(int count)
{
    private readonly byte[] _outcomes = new byte[count];
    private readonly int[] _attempts = new int[count]; // One more than the attempt; 0: none.
    private readonly int[] _files = new int[count];
    private readonly Dictionary<int, Dictionary<int, bool>> _superseded = [];

    /// <summary>Of each case the place of its outcome in <see cref="Outcomes.All"/>, from 1; 0: it has no result that counts.</summary>
    public byte[] Outcomes => _outcomes;

    /// <summary>
    /// Rows that do not count, by file: the case, and whether the row is worth keeping in attempts/ (a mere second copy of
    /// a row that counts is not).
    /// </summary>
    public IReadOnlyDictionary<int, Dictionary<int, bool>> Superseded => _superseded;

    /// <summary>The attempt whose result counts, or the highest void one.</summary>
    public int AttemptOf(int index) => _attempts[index] - 1;

    /// <summary>The file that holds the result that counts; 0: none.</summary>
    public int FileOf(int index) => _files[index];

    /// <summary>Adds a result; false when the plan has no such case.</summary>
    public bool Add(int file, ResultKeyRecord key)
    {
        var index = key.Index;
        if (index < 0 || index >= count)
        {
            return false;
        }

        if (key.Attempt > AttemptOf(index))
        {
            Supersede(_files[index], index, file, keep: true);
            (_outcomes[index], _attempts[index], _files[index]) = (key.Outcome, key.Attempt + 1, file);
            _superseded.GetValueOrDefault(file)?.Remove(index);
        }
        else
        {
            var isCopy = key.Attempt == AttemptOf(index) && _outcomes[index] != 0;
            Supersede(file, index, _files[index], keep: !isCopy);
        }

        return true;
    }

    /// <summary>The results of a case up to an attempt count no longer.</summary>
    public void Reopen(int index, int attempt)
    {
        if (index < 0 || index >= count || attempt < AttemptOf(index))
        {
            return;
        }

        Supersede(_files[index], index, winner: 0, keep: true);
        (_outcomes[index], _attempts[index], _files[index]) = (0, attempt + 1, 0);
    }

    /// <summary>Claims the row that counts, once: true for the first row of the winning attempt.</summary>
    public bool Take(int file, int index, int attempt)
    {
        var counts = index >= 0 && index < count && _files[index] == file && AttemptOf(index) == attempt;
        if (counts)
        {
            _files[index] = 0;
        }

        return counts;
    }

    private void Supersede(int file, int index, int winner, bool keep)
    {
        // Two rows of one case in one file: sealing sorts that out by the same rule.
        if (file == 0 || file == winner)
        {
            return;
        }

        if (!_superseded.TryGetValue(file, out var rows))
        {
            _superseded.Add(file, rows = []);
        }

        rows[index] = keep;
    }
}
