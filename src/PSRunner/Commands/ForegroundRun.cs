using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Runs a session in the foreground of a command: start lines, results, end lines, the batch variable.</summary>
internal sealed class ForegroundRun(TestBatchCommand command, SessionSlot slot, string? batchVariable)
{
    /// <param name="start">Starts the session.</param>
    /// <param name="firstLines">What is said before the first result.</param>
    public void Run(Func<BatchRun> start, Func<TestBatch, IEnumerable<string>> firstLines)
    {
        var run = start();
        slot.Set(run);
        command.SayAll(firstLines(run.Batch));
        try
        {
            run.Pump(slot.Stopped.WaitHandle);
        }
        finally
        {
            // Also when the pipeline took no more: these lines and this variable are what is left to the user then.
            command.SayAll(BatchRunReport.End(run.Batch, run.ElapsedSeconds, command.ToShortPath(run.Batch.RunFolder), slot.IsStopped, run.Told));
            if (batchVariable is not null)
            {
                command.SessionState.PSVariable.Set(batchVariable, run.Batch);
            }
        }
    }
}
