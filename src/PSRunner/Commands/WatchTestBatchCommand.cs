using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Shows the live figures of a batch until it has ended. Without arguments: of the newest that runs.</summary>
[Cmdlet(VerbsCommon.Watch, "TestBatch", DefaultParameterSetName = ByName)]
public sealed class WatchTestBatchCommand : BatchSelectionCommand, IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);
    private const int ActivityId = 0x5053_7761;

    private readonly ManualResetEvent _canceled = new(initialState: false);

    /// <inheritdoc/>
    public void Dispose() => _canceled.Dispose();

    /// <inheritdoc/>
    protected override void StopProcessing() => _canceled.Set();

    private protected override void Process()
    {
        var folders = IsUnspecified
            ? [Batches.FindAll(DefaultRoot).FirstOrDefault(folder => Batches.IsAlive(Batches.Read(folder))) ?? throw Errors.NoneRuns()]
            : TakeRunFolders(LivingRun);
        ForEachBatch(folders, Watch);
    }

    // A screen that moves needs a terminal; what is written to a file gets a line now and then.
    private void Watch(string folder)
    {
        var clock = TimeProvider.System.GetTimestamp();
        var told = TimeSpan.MinValue;
        TestProgress batch;
        while (Batches.IsAlive(batch = Batches.ReadProgress(folder)))
        {
            if (!Console.IsOutputRedirected)
            {
                WriteProgress(ToRecord(batch));
            }
            else if (TimeProvider.System.GetElapsedTime(clock) is var now && (told == TimeSpan.MinValue || now - told >= LineEvery))
            {
                told = now;
                Say($"{batch.Name} {batch.State} [{DisplayText.Status(batch)}]");
            }

            if (_canceled.WaitOne(LookEvery))
            {
                return;
            }
        }

        if (!Console.IsOutputRedirected)
        {
            WriteProgress(new ProgressRecord(ActivityId, batch.Name, batch.State) { RecordType = ProgressRecordType.Completed });
        }

        SayAll(BatchRunReport.End(batch, batch.ElapsedSeconds, ToShortPath(folder), sayHowToRead: false).Skip(1));
    }

    private static ProgressRecord ToRecord(TestProgress batch) => new(ActivityId, $"{batch.Name} {batch.State}", DisplayText.Status(batch))
    {
        PercentComplete = batch.Planned == 0 ? -1 : (int)(100L * batch.Done / batch.Planned),
        CurrentOperation = string.Join("; ", ((string[])[batch.Message, batch.SlowestRunning.Length == 0 ? "" : $"slowest: {batch.SlowestRunning}"]).Where(part => part.Length > 0)),
    };
}
