using PSRunner.Engine;

namespace PSRunner.Hosting;

/// <summary>Runs one session of a batch where no pipeline waits for its results: under a job, or in a process of its own.</summary>
internal sealed class UnattendedRun(BatchSession session) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Goes on with a batch.</summary>
    /// <param name="runFolder">The batch.</param>
    /// <param name="changes">What is different this time.</param>
    /// <param name="inPlace">True when it goes on for a process that died.</param>
    /// <param name="canceled">Signaled when nobody waits any more for it to begin.</param>
    public static UnattendedRun Resume(string runFolder, ResumeOptions changes, bool inPlace = false, CancellationToken canceled = default) =>
        new(BatchSession.Resume(runFolder, changes, Executors.For(StoredBatch.OptionsOf(runFolder), canceled: canceled), inPlace: inPlace));

    /// <summary>The live figures; after the end, as it ended.</summary>
    public TestProgress Progress => session.GetProgress();

    /// <summary>Hands on results and notes until the session has ended and is closed.</summary>
    public void Pump(Action<TestResult> onResult, Action<string> onNote)
    {
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out var result, LookEvery))
            {
                onResult(result);
            }

            foreach (var note in session.TakeNotes())
            {
                onNote(note);
            }
        }

        session.Dispose();
    }

    /// <summary>Asks the session to end; from any thread, never blocking.</summary>
    public void RequestStop(string reason) => session.Stop(reason);

    /// <summary>Ends the session, by force if need be, because the process ends.</summary>
    public void EndWithProcess(string reason) => session.EndWithProcess(reason);

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();
}
