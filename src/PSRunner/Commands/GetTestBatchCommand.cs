using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>The catalogue: batches that run, have ended or were lost, newest first. Without arguments: all.</summary>
[Cmdlet(VerbsCommon.Get, "TestBatch", DefaultParameterSetName = ByName)]
[OutputType(typeof(TestBatch))]
public sealed class GetTestBatchCommand : BatchSelectionCommand
{
    private int _left = int.MaxValue;

    /// <summary>Only batches in these states.</summary>
    [Parameter(HelpMessage = "Only batches in these states.")]
    [ValidateSet(
        BatchStates.Running, BatchStates.Suspended, BatchStates.Completed, BatchStates.Stopped,
        BatchStates.DeadlineReached, BatchStates.BudgetReached, BatchStates.Stalled, BatchStates.Lost)]
    public string[]? State { get; set; }

    /// <summary>Only so many, the newest.</summary>
    [Parameter(HelpMessage = "Only so many, the newest.")]
    [ValidateRange(1, int.MaxValue)]
    public int Newest { get; set; }

    private protected override void Begin() => _left = Given(nameof(Newest), Newest) ?? int.MaxValue;

    private protected override void Process() =>
        ForEachBatch(IsUnspecified ? Batches.FindAll(DefaultRoot) : TakeRunFolders(runs => runs), folder =>
        {
            if (_left > 0 && Batches.Read(folder) is var batch && (State is null || State.Contains(batch.State, StringComparer.OrdinalIgnoreCase)))
            {
                _left--;
                WriteObject(batch);
            }
        });
}
