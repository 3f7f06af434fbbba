using PSRunner.Engine.Execution;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage.Audit;

/// <summary>What an audit says of stores that nobody damaged, and that it leaves them alone.</summary>
public sealed class AuditTests(AuditStores stores) : IClassFixture<AuditStores>
{
    [Theory]
    [InlineData(AuditStores.Finished, 32)]
    [InlineData(AuditStores.Stopped, 24)]
    [InlineData(AuditStores.Killed, 24)]
    [InlineData(AuditStores.Retried, 32)]
    public void A_store_that_nobody_damaged_is_healthy_and_stays_as_it_is(string kind, int recorded)
    {
        var folder = stores.Copy(kind);
        var before = AuditStores.Fingerprint(folder);

        var audit = BatchAudit.Run(folder);

        Assert.Empty(audit.Findings);
        Assert.True(audit.Healthy);
        Assert.Equal((32, recorded, 32 - recorded, 0), (audit.Planned, audit.Recorded, audit.Pending, audit.FindingCount));
        Assert.Equal(before, AuditStores.Fingerprint(folder));
    }

    [Fact]
    public void A_list_of_artifacts_whose_bytes_changed_is_not_believed()
    {
        var folder = stores.Copy(AuditStores.Finished);
        var path = Assert.Single(Directory.GetFiles(Path.Combine(folder, "artifacts"), "*.jsonl"));
        var bytes = File.ReadAllBytes(path);
        var chance = new Random(1);
        for (var at = 0; at < bytes.Length; at += 3)
        {
            var changed = bytes[..at];
            if (at % 2 == 0)
            {
                changed = (byte[])bytes.Clone();
                changed[at] ^= (byte)(1 << chance.Next(8));
            }

            File.WriteAllBytes(path, changed);
            var finding = Assert.Single(BatchAudit.Run(folder).Findings);
            Assert.Equal($"artifacts/{Path.GetFileName(path)}", finding.File);
        }
    }

    [Fact]
    public void A_batch_may_run_while_it_is_audited()
    {
        var executor = new NoopExecutor(async (context, cancellation) =>
        {
            await Task.Delay(context.Case.GetParameters()[0].Value is long and < 16 ? 1 : Timeout.Infinite, cancellation);
            return new AttemptReport { Artifacts = [new Artifact("a.txt", new byte[10])] };
        });
        using var session = stores.Start(executor, "running");
        var audits = new List<TestBatchAudit>();
        for (var i = 0; i < 16; i++)
        {
            AuditStores.Drain(session, 1);
            audits.Add(BatchAudit.Run(session.Batch.RunFolder));
        }

        Assert.All(audits, audit => Assert.Empty(audit.Findings));
        Assert.Equal(16, audits[^1].Recorded);
    }

    [Fact]
    public void A_repair_that_is_cut_off_anywhere_takes_no_good_row_out_of_the_results()
    {
        var isCutOff = true;
        var cuts = 0;
        for (var operations = 1; isCutOff; operations++)
        {
            var folder = new RunFolder(stores.Copy(AuditStores.Finished));
            using (var plan = BatchPlan.Open(folder, []))
            {
                // Its rows are good and it says that it is not the last word: repair writes it anew.
                var parts = new PartFile(DiskFiles.Instance, plan.Schema, folder.FullPath);
                var (label, rows) = parts.TryRead(folder.PartFile(1))!.Value;
                parts.Write(folder.PartFile(1), rows, label with { Complete = false });

                var left = operations;
                var files = new FaultyFiles { Before = (words, _) => left = left > 0 ? left - 1 : throw new IOException($"cut off at {words}") };
                using var owner = OwnerLock.Take(DiskFiles.Instance, folder, session: 0);
                isCutOff = Record.Exception(() => BatchRepair.Mend(folder, files, plan, owner, TimeProvider.System)) is IOException;
                cuts += isCutOff ? 1 : 0;
            }

            var audit = BatchRepair.Run(folder.FullPath);
            Assert.Equal((32, true), (audit.Recorded, audit.Healthy));
        }

        Assert.InRange(cuts, 20, 1_000);
    }

    [Fact]
    public void A_batch_that_runs_is_not_repaired()
    {
        var executor = new NoopExecutor(async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return new AttemptReport();
        });
        using var session = stores.Start(executor, "owned");
        var stray = Path.Combine(session.Batch.RunFolder, "results", "stranger.parquet");
        File.WriteAllText(stray, "not ours");

        Assert.Equal("BatchIsRunning", Assert.Throws<TestBatchException>(() => BatchRepair.Run(session.Batch.RunFolder)).ErrorId);
    }
}
