namespace PSRunner.Engine.Storage;

/// <summary>What a part takes over from a journal file: one result a case, the highest attempt, of it the first.</summary>
/// <param name="count">About how many results there will be.</param>
internal sealed class JournalContent(int count = 0)
{
    private readonly Dictionary<int, int> _places = new(count);
    private readonly List<TestResult> _rows = new(count);

    /// <summary>The results, in the order in which their cases ended first.</summary>
    public TestResult[] Rows => [.. _rows];

    /// <summary>The files of all attempts.</summary>
    public List<ListedArtifact> Artifacts { get; } = [];

    /// <summary>The session that wrote the file.</summary>
    public int Session { get; set; }

    /// <summary>True when something durable is missing from the file.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>Takes a result in.</summary>
    public void Add(ResultRecord record)
    {
        var result = record.Result;
        if (record.Artifacts.Count > 0)
        {
            Artifacts.AddRange(ListedArtifact.Of(record));
        }

        if (_places.TryAdd(result.Index, _rows.Count))
        {
            _rows.Add(result);
        }
        else if (_rows[_places[result.Index]].Attempt < result.Attempt)
        {
            _rows[_places[result.Index]] = result;
        }
    }
}
