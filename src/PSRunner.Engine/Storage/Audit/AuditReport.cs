namespace PSRunner.Engine.Storage;

/// <summary>Collects findings. Their number is counted, their texts are bounded.</summary>
/// <param name="folder">The run folder that file names are told from.</param>
internal sealed class AuditReport(RunFolder folder)
{
    private const int MostFindings = 1_000;
    private readonly List<TestBatchFinding> _findings = [];

    /// <summary>What most findings advise.</summary>
    public string Repair { get; } = $"Repair-TestBatch '{folder.Id}' mends it; cases whose results are lost run again with Resume-TestBatch '{folder.Id}'.";

    /// <summary>How many findings there are.</summary>
    public int Count { get; private set; }

    /// <summary>True when one of them is an error.</summary>
    public bool HasErrors { get; private set; }

    /// <summary>The findings, as far as they are kept.</summary>
    public IReadOnlyList<TestBatchFinding> Findings => _findings;

    /// <summary>Adds a finding.</summary>
    /// <param name="severity">How bad it is.</param>
    /// <param name="path">The file, a full path.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="remedy">What to do.</param>
    public void Add(FindingSeverity severity, string path, string message, string remedy)
    {
        Count++;
        HasErrors |= severity == FindingSeverity.Error;
        if (_findings.Count < MostFindings)
        {
            var name = Path.GetRelativePath(folder.FullPath, path).Replace(Path.DirectorySeparatorChar, '/');
            _findings.Add(new TestBatchFinding(severity, name, message, remedy));
        }
    }

    /// <summary>Adds an error.</summary>
    public void Error(string path, string message, string remedy) => Add(FindingSeverity.Error, path, message, remedy);

    /// <summary>Adds a warning.</summary>
    public void Warning(string path, string message, string remedy) => Add(FindingSeverity.Warning, path, message, remedy);
}
