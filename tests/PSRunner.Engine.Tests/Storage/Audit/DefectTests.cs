using System.Globalization;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage.Audit;

/// <summary>Two hundred seeded defects: each is found where it is, and repairing it invents nothing.</summary>
public sealed class DefectTests(AuditStores stores) : IClassFixture<AuditStores>
{
    private const int Seeds = 200;

    [Fact]
    public void Every_defect_is_found_and_the_audit_changes_nothing()
    {
        var missed = new List<string>();
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (folder, what, files) = Damage(seed);
            var before = AuditStores.Fingerprint(folder);
            var audit = BatchAudit.Run(folder);
            if (!audit.Findings.Any(finding => files.Contains(finding.File)))
            {
                missed.Add($"{what} in {string.Join(" or ", files)}, found: {string.Join("; ", audit.Findings)}");
            }

            Assert.Equal(audit.Findings.Count, audit.FindingCount);
            Assert.Equal(before, AuditStores.Fingerprint(folder));
        }

        Assert.Empty(missed);
    }

    [Fact]
    public void A_repair_keeps_what_is_whole_invents_nothing_and_leaves_a_batch_that_adds_up()
    {
        var wrong = new List<string>();
        var whole = AuditStores.All.ToDictionary(kind => kind, kind => Results(stores.Copy(kind)));
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (folder, what, _) = Damage(seed);
            var written = whole[StoreOf(seed)];
            try
            {
                var after = BatchRepair.Run(folder);
                var kept = Results(folder);
                // What no repair can bring back: plan, manifest, shared texts, artifacts and their lists. All else is healthy again.
                var left = after.Findings.Where(f => f.Severity == FindingSeverity.Error && !f.File.StartsWith("artifacts/", StringComparison.Ordinal)
                    && !f.File.StartsWith("resources/", StringComparison.Ordinal)
                    && !(f.File == "batch.json" && what.Contains("batch.json", StringComparison.Ordinal))).ToList();
                if (left.Count > 0 || kept.Count != after.Recorded || kept.Any(r => !written.Contains(r)))
                {
                    wrong.Add($"{what}: {kept.Count} kept of {written.Count}, {kept.Count(r => !written.Contains(r))} not as written, {string.Join("; ", left)}");
                }
            }
            catch (TestBatchException e) when (e.ErrorId is "PlanChanged" or "PlanDamaged" or "PlanUnreadable" or "BatchDamaged" or "NoBatchThere" or "BatchTooNew")
            {
                Assert.Matches("plan|batch.json", what);
            }
        }

        Assert.Empty(wrong);
    }

    private static Defect DefectOf(int seed) => Defects.All[seed % Defects.All.Count];

    private static string StoreOf(int seed) => DefectOf(seed).Stores[seed / Defects.All.Count % DefectOf(seed).Stores.Length];

    private (string Folder, string What, string[] Files) Damage(int seed)
    {
        var folder = stores.Copy(StoreOf(seed));
        var files = DefectOf(seed).Do(folder, new Random(seed));
        return (folder, string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {DefectOf(seed)} ({StoreOf(seed)})"), files);
    }

    private static HashSet<string> Results(string folder)
    {
        using var batch = StoredBatch.Open(folder);
        return [.. batch.ReadResults().Select(FakePlan.Tell)];
    }
}
