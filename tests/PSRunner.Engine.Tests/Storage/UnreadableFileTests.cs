using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;
using PSRunner.Engine.Tests.Storage.Audit;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// Files of a run folder that a disk no longer gives (EIO), one at a time, also those that are not read through
/// <see cref="IStoreFiles"/>. Whatever is asked of the batch then works without the file, or says which file it is and why.
/// </summary>
public sealed class UnreadableFileTests(AuditStores stores) : IClassFixture<AuditStores>
{
    private const string Unreadable = "/proc/self/mem"; // Opens like a file, and its first bytes are an I/O error.

    public static TheoryData<string, string, bool> Uses => new(
        from file in (string[])["batch.json", "plan.jsonl", "status.json", "owner.json", "journal/*.jsonl", "resources/*.json"]
        from use in (string[])["read", "show", "audit", "repair", "resume"]
        select (file, use, IsNeeded(file, use)));

    [Theory]
    [MemberData(nameof(Uses))]
    public void A_file_that_the_disk_does_not_give_is_named(string file, string use, bool isNeeded)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs a file whose reading is an I/O error.");
        var folder = stores.Copy(AuditStores.Killed);
        var path = Path.Combine(folder, file);
        path = file.Contains('*', StringComparison.Ordinal) ? Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path)).Order(StringComparer.Ordinal).First() : path;
        File.Delete(path);
        File.CreateSymbolicLink(path, Unreadable);
        var told = "";
        var error = Record.Exception(() => told = Use(folder, use));

        Assert.True(error is null or IOException or TestBatchException, $"{error}");
        told += error?.Message;
        if (isNeeded)
        {
            Assert.Contains(Path.GetFileName(path), told, StringComparison.Ordinal);
            Assert.Matches("Input/output error|Invalid argument", told); // The second: it cannot be flushed either.
        }
        else
        {
            Assert.Equal("", told);
        }
    }

    private static bool IsNeeded(string file, string use) => file switch
    {
        "batch.json" => true,
        "plan.jsonl" or "journal/*.jsonl" => use != "show",
        "resources/*.json" => use is "audit" or "repair",
        _ => false,
    };

    /// <returns>What was told instead of an error.</returns>
    private static string Use(string folder, string use)
    {
        switch (use)
        {
            case "read":
                using (var stored = StoredBatch.Open(folder))
                {
                    Assert.NotEmpty(stored.ReadResults());
                }

                break;
            case "show":
                BatchCatalog.Read(folder);
                break;
            case "audit":
                return Told(BatchAudit.Run(folder));
            case "repair":
                return Told(BatchRepair.Run(folder));
            default:
                var session = BatchSession.Resume(folder, new ResumeOptions(), [new NoopExecutor()]);
                AuditStores.Drain(session, session.ToRun);
                Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(30)));
                break;
        }

        return "";
    }

    private static string Told(TestBatchAudit audit) =>
        string.Join("; ", audit.Findings.Where(f => f.Severity == FindingSeverity.Error).Select(f => $"{f.File}: {f.Message}"));
}
