using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine;

/// <summary>A batch as its run folder holds it, for reading: running, lost or ended, from any process. Changes nothing.</summary>
public sealed class StoredBatch : IDisposable
{
    private readonly BatchPlan _plan;
    private readonly ResultReader _results;

    private StoredBatch(RunFolder folder)
    {
        _plan = BatchPlan.Open(folder, []);
        _results = new ResultReader(folder, _plan) { Forces = true };
    }

    /// <summary>Cases in the plan.</summary>
    public int Count => _plan.Count;

    /// <summary>What was found damaged when the results were last read. A torn end is no damage: nobody was shown what was to stand there.</summary>
    public IReadOnlyList<string> Findings => [.. _results.Findings.Where(f => f.IsCorrupt).Select(f => $"{Path.GetFileName(f.File)}: {f.Message}")];

    /// <summary>Opens a run folder.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <exception cref="TestBatchException">There is no batch, or its plan is damaged.</exception>
    public static StoredBatch Open(string runFolder) => new(new RunFolder(runFolder));

    /// <summary>What was asked of a batch when it was started.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <exception cref="TestBatchException">There is no batch.</exception>
    public static BatchOptions OptionsOf(string runFolder) => BatchManifest.Read(new RunFolder(runFolder).BatchFile).Options;

    /// <summary>True when there are journal files, of which a complete batch at rest has none.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    public static bool HasJournal(string runFolder) => DiskFiles.Instance.List(new RunFolder(runFolder).JournalFolder).Count > 0;

    /// <summary>Throws when something that the cases of a batch need cannot be had.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <param name="changes">What its next session does differently.</param>
    /// <param name="executors">Those that would run it.</param>
    /// <exception cref="TestBatchException">There is no batch, or what is missing and what to do.</exception>
    public static void CheckNeeds(string runFolder, ResumeOptions changes, IReadOnlyList<Execution.ITestExecutor> executors)
    {
        var manifest = BatchManifest.Read(new RunFolder(runFolder).BatchFile);
        foreach (var steward in BatchBuilder.StewardsOf(executors.Where(e => manifest.Executors.ContainsKey(e.Kind))))
        {
            steward.Check(manifest.Needs ?? [], changes.ApplyTo(manifest.Options));
        }
    }

    /// <summary>A planned case, which can be run again in another batch.</summary>
    /// <param name="index">Its place in the plan, from 0.</param>
    public TestCase Load(int index) => _plan.Load(index);

    /// <summary>The id of a planned case, 32 hex digits.</summary>
    public string IdOf(int index) => _plan.IdOf(index);

    /// <summary>The result that counts of each finished case, in the order in which they ended.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IEnumerable<TestResult> ReadResults() => _results.Read();

    /// <summary>Every result of each case, also those that a case run again has replaced.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IEnumerable<TestResult> ReadAllAttempts() => _results.ReadAllAttempts();

    /// <inheritdoc/>
    public void Dispose() => _plan.Dispose();
}
