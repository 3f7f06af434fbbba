using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Proves that a batch is what was written. Always writes one audit a batch, or with <c>-Quiet</c> one boolean; changes nothing.</summary>
[Cmdlet(VerbsDiagnostic.Test, "TestBatch", DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatchAudit), typeof(bool))]
public sealed class TestTestBatchCommand : BatchAuditCommand
{
    /// <summary>Writes only whether the batch is healthy.</summary>
    [Parameter(HelpMessage = "Write only whether the batch is healthy.")]
    public SwitchParameter Quiet { get; set; }

    private protected override void Handle(string runFolder)
    {
        var audit = Audits.Test(runFolder);
        WriteObject(Quiet ? audit.Healthy : audit);
    }
}
