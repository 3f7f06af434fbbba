using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Test-TestBatch and Repair-TestBatch on a real batch of embedded models.</summary>
[Collection(OneAtATime.Name)]
public sealed class AuditCommandTests : IDisposable
{
    private const string LatencyScale = "PSRUNNER_SIM_LATENCY_SCALE";

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-audit-").FullName;
    private readonly string? _scaleBefore = Environment.GetEnvironmentVariable(LatencyScale);
    private readonly HostedPowerShell _shell;

    public AuditCommandTests()
    {
        Environment.SetEnvironmentVariable(LatencyScale, "0.001");
        _shell = new HostedPowerShell(_folder);
        _shell.Invoke("New-WorkflowTest sim-strong -TaskType simple_task -Instances 3 | Start-TestBatch whole | Out-Null");
    }

    private string RunFolder => Directory.GetDirectories(Path.Combine(_folder, "test-batches")).Single();

    public void Dispose()
    {
        _shell.Dispose();
        Environment.SetEnvironmentVariable(LatencyScale, _scaleBefore);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_healthy_batch_gives_one_audit_and_quiet_gives_true()
    {
        Assert.True((bool)_shell.Invoke("Test-TestBatch whole -Quiet").Single().BaseObject);
        var screen = _shell.Show("Test-TestBatch whole").ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("Batch                              Healthy  Planned Recorded Pending Findings", screen[0].TrimEnd());
        Assert.Matches("^whole-[0-9a-f-]+ +True +3 +3 +0 +0$", screen[2].TrimEnd());
        Assert.Equal(2, _shell.Invoke("Get-TestProgress whole | Test-TestBatch; Test-TestBatch -Path test-batches").Count);
    }

    [Fact]
    public void A_broken_batch_says_what_to_do_and_repair_puts_it_in_order()
    {
        var part = Directory.GetFiles(Path.Combine(RunFolder, "results"), "*.parquet").Single();
        var bytes = File.ReadAllBytes(part);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(part, bytes);

        Assert.False((bool)_shell.Invoke("Test-TestBatch whole -Quiet").Single().BaseObject);
        Assert.Contains("Repair-TestBatch 'whole-", (string)_shell.Invoke("(Test-TestBatch whole).Findings -join ' '").Single().BaseObject, StringComparison.Ordinal);
        Assert.Empty(_shell.Invoke("Repair-TestBatch whole -WhatIf"));
        Assert.True(File.Exists(part));
        Assert.Empty(_shell.Invoke("Repair-TestBatch whole"));
        Assert.Equal("True 3 0 3", _shell.Invoke("Test-TestBatch whole | Repair-TestBatch -PassThru | ForEach-Object { \"$($_.Healthy) $($_.Planned) $($_.Recorded) $($_.Pending)\" }").Single().BaseObject);
        Assert.Equal("Stopped", _shell.Invoke("(Get-TestProgress whole).State").Single().BaseObject);
        Assert.Equal(3, _shell.Invoke("Resume-TestBatch whole").Count);
        Assert.True((bool)_shell.Invoke("Test-TestBatch whole -Quiet").Single().BaseObject);
    }

    [Fact]
    public void A_complete_batch_that_is_not_all_Parquet_says_so_when_it_is_resumed_and_repair_makes_it_so()
    {
        Assert.DoesNotContain("Repair-TestBatch", _shell.Show("Resume-TestBatch whole"), StringComparison.Ordinal);
        var journal = Path.Combine(RunFolder, "journal");
        File.WriteAllText(Path.Combine(journal, "000002.jsonl"), ""); // The stall of a disk is the engine's own test.

        Assert.Contains("Repair-TestBatch 'whole-", _shell.Show("Resume-TestBatch whole"), StringComparison.Ordinal);
        Assert.Contains("not a part yet", (string)_shell.Invoke("(Test-TestBatch whole).Findings -join ' '").Single().BaseObject, StringComparison.Ordinal);
        Assert.Equal("True 3 0 0", _shell.Invoke("Repair-TestBatch whole -PassThru | ForEach-Object { \"$($_.Healthy) $($_.Recorded) $($_.Pending) $($_.FindingCount)\" }").Single().BaseObject);
        Assert.Empty(Directory.GetFiles(journal));
        Assert.Equal(3, _shell.Invoke("Get-TestResult whole").Count);
    }

    [Fact]
    public void A_batch_without_its_manifest_is_found_by_its_path_and_a_folder_that_is_none_is_an_error()
    {
        File.Delete(Path.Combine(RunFolder, "batch.json"));
        Assert.False((bool)_shell.Invoke("Test-TestBatch -LiteralPath $args[0] -Quiet", RunFolder).Single().BaseObject);
        Assert.StartsWith("BatchNotFound,", _shell.InvokeExpectingError("Test-TestBatch -LiteralPath $args[0]", Path.GetDirectoryName(typeof(AuditCommandTests).Assembly.Location)).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("NoBatchGiven,", _shell.InvokeExpectingError("Test-TestBatch").FullyQualifiedErrorId, StringComparison.Ordinal);
    }
}
