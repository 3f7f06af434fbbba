using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Observation;

/// <summary>
/// Commands to a batch that lives, from any process of its user: left in its folder control/, carried out by its attendant
/// within a quarter of a second even when its tests block every thread, and acknowledged in status.json.
/// </summary>
public static class BatchControl
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>True when a process works on the batch, or holds it suspended.</summary>
    public static bool IsAlive(TestBatch batch) => batch.State is BatchStates.Running or BatchStates.Suspended;

    /// <summary>Has it end what runs and close.</summary>
    /// <param name="runFolder">A run folder.</param>
    /// <param name="force">True: without grace.</param>
    /// <param name="canceled">Signaled when the caller waits no more.</param>
    /// <returns>False when nothing works on it; then nothing was asked. True also when it may not have ended yet.</returns>
    /// <exception cref="TestBatchException"><c>BatchDoesNotAnswer</c>.</exception>
    public static bool Stop(string runFolder, bool force, WaitHandle canceled) =>
        Request(runFolder, New("stop") with { Force = force }, _ => true, canceled);

    /// <summary>Has it start nothing new; what runs goes on to its end.</summary>
    /// <inheritdoc cref="Stop"/>
    public static bool Suspend(string runFolder, WaitHandle canceled) =>
        Request(runFolder, New("suspend"), p => p.State == BatchStates.Suspended, canceled);

    /// <summary>Has a suspended batch go on where it lives.</summary>
    /// <inheritdoc cref="Stop"/>
    public static bool Resume(string runFolder, WaitHandle canceled) =>
        Request(runFolder, New("resume"), p => p.State == BatchStates.Running, canceled);

    /// <summary>Sets how many cases it may run at once.</summary>
    /// <param name="runFolder">A run folder.</param>
    /// <param name="limit">1 to 10,000.</param>
    /// <param name="canceled">Signaled when the caller waits no more.</param>
    /// <inheritdoc cref="Stop"/>
    public static bool SetThrottle(string runFolder, int limit, WaitHandle canceled) =>
        Request(runFolder, New("set") with { ThrottleLimit = limit }, p => p.ThrottleLimit == limit, canceled);

    /// <summary>Sets the cap on requests per second.</summary>
    /// <param name="runFolder">A run folder.</param>
    /// <param name="rate">More than 0.</param>
    /// <param name="canceled">Signaled when the caller waits no more.</param>
    /// <inheritdoc cref="Stop"/>
    /// <exception cref="TestBatchException"><c>BatchDoesNotAnswer</c>; <c>NoRequestsToLimit</c>: no case of it asks a model.</exception>
    public static bool SetRequestsPerSecond(string runFolder, double rate, WaitHandle canceled) =>
        Request(runFolder, New("set") with { RequestsPerSecond = rate }, p => p.RequestsPerSecond.Equals(rate) ? true : throw NoRequests(p.Id), canceled);

    /// <summary>Deletes a batch that nothing works on, with all its results.</summary>
    /// <exception cref="TestBatchException"><c>BatchIsRunning</c>, or there is no batch.</exception>
    public static void Remove(string runFolder)
    {
        var folder = new RunFolder(runFolder);
        _ = BatchCatalog.Read(runFolder);
        using (OwnerLock.Take(DiskFiles.Instance, folder, session: 0))
        {
            // First what makes it a batch: whatever stops the rest leaves no batch with half its results.
            File.Delete(folder.BatchFile);
        }

        Directory.Delete(folder.FullPath, recursive: true);
    }

    private static TestBatchException NoRequests(string id) => new(
        "NoRequestsToLimit", ErrorKind.InvalidArgument,
        $"No test of batch '{id}' asks a model, so there are no requests to limit. -ThrottleLimit sets how many tests run at once.", id);

    private static ControlCommand New(string command) => new() { Id = Guid.NewGuid().ToString("N"), Command = command };

    // Acknowledged means that the command was handed on; what the user wants to see next is that it was carried out.
    private static bool Request(string runFolder, ControlCommand command, Func<TestProgress, bool> isDone, WaitHandle canceled)
    {
        var folder = new RunFolder(runFolder);
        var batch = BatchCatalog.Read(runFolder);
        if (!IsAlive(batch))
        {
            return false;
        }

        ControlFolder.Send(folder.ControlFolder, command, TimeProvider.System.GetUtcNow());
        var asked = TimeProvider.System.GetTimestamp();
        do
        {
            var status = StatusDocument.TryRead(folder.StatusFile);
            if (status is not null && status.Acknowledged.Contains(command.Id) && isDone(status.Progress))
            {
                return true;
            }

            // It may end by itself, or die, before it reads the command.
            if (!IsAlive(BatchCatalog.Read(runFolder)))
            {
                return true;
            }

            if (TimeProvider.System.GetElapsedTime(asked) > Patience)
            {
                throw new TestBatchException(
                    "BatchDoesNotAnswer", ErrorKind.Busy,
                    $"Batch '{batch.Id}' was asked to {command.Command} and has not answered for {Patience.TotalSeconds} s. Process {batch.ProcessId}, which works on it, is stopped or starved: look at it, or end it and use Resume-TestBatch.",
                    batch.Id);
            }
        }
        while (!canceled.WaitOne(LookEvery));
        return true;
    }
}
