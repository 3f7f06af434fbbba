using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>The live figures of batches, from any process. Without arguments: all that run, are suspended, stalled or lost.</summary>
[Cmdlet(VerbsCommon.Get, "TestProgress", DefaultParameterSetName = ByName)]
[OutputType(typeof(TestProgress))]
public sealed class GetTestProgressCommand : BatchSelectionCommand
{
    private static readonly string[] Unfinished = [BatchStates.Running, BatchStates.Suspended, BatchStates.Stalled, BatchStates.Lost];

    private protected override void Process()
    {
        var batches = IsUnspecified
            ? Batches.FindAll(DefaultRoot).Select(Batches.ReadProgress).Where(p => Unfinished.Contains(p.State))
            : TakeRunFolders(NewestRun).Select(Batches.ReadProgress);
        foreach (var progress in batches)
        {
            WriteObject(progress);
        }
    }
}
