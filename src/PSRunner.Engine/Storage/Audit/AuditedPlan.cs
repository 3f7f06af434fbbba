using System.Text;
using PSRunner.Engine.Planning;

namespace PSRunner.Engine.Storage;

/// <summary>
/// The plan as an audit needs it. For readers of the journal it holds every case there could be, without parameters: a
/// result that was not planned is to be seen, not skipped.
/// </summary>
internal sealed class AuditedPlan : IPlannedCases, IDisposable
{
    private static readonly PlannedCase AnyCase = new("", "", "", []);
    private readonly BatchManifest _manifest;
    private readonly FrozenPlan? _plan;

    private AuditedPlan(BatchManifest manifest, FrozenPlan? plan)
    {
        _manifest = manifest;
        _plan = plan;
    }

    /// <inheritdoc/>
    public string BatchId => _manifest.Id;

    /// <summary>Cases in the plan, by the plan itself where it can be read.</summary>
    public int Planned => _plan?.Count ?? _manifest.Planned;

    /// <inheritdoc/>
    int IPlannedCases.Count => int.MaxValue;

    /// <inheritdoc/>
    ResultSchema IPlannedCases.Schema => ResultSchema.Empty;

    /// <summary>Checks batch.json, plan.jsonl and resources/; null when nothing can be said without them.</summary>
    public static AuditedPlan? Open(RunFolder folder, IStoreFiles files, AuditReport report)
    {
        const string NoCopy = "Put the file back from a copy; the results beside it are untouched.";
        BatchManifest manifest;
        bool isWhole;
        try
        {
            manifest = BatchManifest.Read(folder.BatchFile, evenIfChanged: true, files);
            isWhole = files.TryReadAll(folder.BatchFile) is { } bytes && BatchManifest.IsWhole(bytes);
        }
        catch (TestBatchException e)
        {
            report.Error(folder.BatchFile, e.Message, NoCopy);
            return null;
        }

        if (!isWhole)
        {
            report.Error(folder.BatchFile, "It was changed after the batch began: its hash of itself does not match.", NoCopy);
        }

        FrozenPlan? plan = null;
        try
        {
            plan = FrozenPlan.Open(files, folder.PlanFile, hash => BatchPlan.ReadShared(folder, files, hash), manifest.PlanLength ?? long.MaxValue);
            if (plan.Hash != manifest.PlanHash || plan.Count != manifest.Planned)
            {
                report.Error(
                    folder.PlanFile, $"It was changed after the batch began ({plan.Count} cases, {manifest.Planned} planned): its hash is not the one in batch.json.", NoCopy);
            }
            else
            {
                CheckResources(folder, files, plan, report);
                CheckEnd(folder, files, manifest, report);
            }
        }
        catch (TestBatchException e)
        {
            report.Error(folder.PlanFile, e.Message, NoCopy);
        }

        return isWhole || plan is not null ? new AuditedPlan(manifest, plan) : null;
    }

    /// <inheritdoc/>
    public PlannedCase Get(int index) => AnyCase;

    /// <summary>What is wrong with a result as far as the plan can tell; null when nothing is.</summary>
    public string? ProblemOf(int index, string id) =>
        index < 0 || index >= Planned ? $"case {index}, which the plan does not have"
        : _plan is not null && _plan.IdOf(index) != id ? $"case {index} under the id '{id}', which is another's"
        : null;

    /// <inheritdoc/>
    public void Dispose() => _plan?.Dispose();

    /// <summary>Loads one case of each shared text, which reads and checks that text.</summary>
    private static void CheckResources(RunFolder folder, IStoreFiles files, FrozenPlan plan, AuditReport report)
    {
        const string Name = "\"shared\":\"";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        using var lines = new StreamReader(files.OpenRead(folder.PlanFile), Encoding.UTF8);
        while (index < plan.Count && lines.ReadLine() is { } line)
        {
            // A text inside the case may look alike: then one case too many is loaded, and that is all.
            for (var at = line.IndexOf(Name, StringComparison.Ordinal); at >= 0; at = line.IndexOf(Name, at + 1, StringComparison.Ordinal))
            {
                var hash = line[(at + Name.Length)..].Split('"', 2)[0];
                if (seen.Add(hash))
                {
                    CheckResource(folder, plan, index, hash, report);
                }
            }

            index++;
        }
    }

    private static void CheckEnd(RunFolder folder, IStoreFiles files, BatchManifest manifest, AuditReport report)
    {
        using var file = files.OpenRead(folder.PlanFile);
        var length = file.Length;
        if (manifest.PlanLength is { } planned && length > planned)
        {
            report.Add(
                FindingSeverity.Info, folder.PlanFile, $"{length - planned} bytes follow the plan: a change of it was cut off, and nothing reads them.",
                "Nothing to do: the next change of the plan replaces them.");
        }
    }

    private static void CheckResource(RunFolder folder, FrozenPlan plan, int index, string hash, AuditReport report)
    {
        try
        {
            plan.Load(index);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TestBatchException)
        {
            report.Error(
                folder.ResourceFile(hash), $"Case {index} and maybe more need it, and it is not what was written: {e.Message}",
                "Put the file back from a copy; without it these cases cannot run.");
        }
    }
}
