using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Mends what can be mended without inventing anything; cases whose results are lost are pending again.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "TestBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatchAudit))]
public sealed class RepairTestBatchCommand : BatchAuditCommand
{
    /// <summary>Writes the audit that was made after the repair.</summary>
    [Parameter(HelpMessage = "Write the audit that was made after the repair.")]
    public SwitchParameter PassThru { get; set; }

    private protected override void Handle(string runFolder)
    {
        if (!ShouldProcess(runFolder, "Repair batch"))
        {
            return;
        }

        var audit = Audits.Repair(runFolder);
        if (PassThru)
        {
            WriteObject(audit);
        }
    }
}
