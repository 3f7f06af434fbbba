using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Execution;

/// <summary>An executor that holds something for as long as a session lives: processes, threads, folders.</summary>
public interface ISessionExecutor : ITestExecutor
{
    /// <summary>
    /// Called once the run folder is owned and before the first attempt, when the plan has cases of this kind. Returns at
    /// once: work that takes time is awaited by the attempts.
    /// </summary>
    /// <returns>Disposed of after the last attempt; gives up, within seconds, whatever is held. Null: nothing is.</returns>
    /// <exception cref="IOException">The session cannot begin.</exception>
    IDisposable? BeginSession(SessionFacts session);

    /// <summary>
    /// Called before anything starts, when the plan has cases of this kind: finds out what would keep every one of them from
    /// running. Returns within a minute or two.
    /// </summary>
    /// <exception cref="TestBatchException">None could run; the message says why.</exception>
    void TryOut()
    {
    }
}

/// <summary>What an executor may know of a session.</summary>
/// <param name="batchId">The batch's id.</param>
/// <param name="number">The session's number, from 1.</param>
/// <param name="scratchFolder">A full path; made by who needs it. What lies there is nobody's but the executors'.</param>
/// <param name="grace">Time between asking an attempt to end and giving it up.</param>
/// <param name="time">The batch's clock.</param>
/// <param name="note">Hears what the user should be told. From any thread.</param>
public sealed class SessionFacts(string batchId, int number, string scratchFolder, TimeSpan grace, TimeProvider time, Action<string> note) : IDisposable
{
    private readonly Lock _lock = new();
    private SessionProcesses? _processes;
    private bool _isOver;

    /// <summary>MiB that the processes of one test may hold together; null: no limit of their own.</summary>
    public int? MemoryLimitMB { get; init; }

    /// <summary>The batch's id.</summary>
    public string BatchId => batchId;

    /// <summary>The session's number, from 1.</summary>
    public int Number => number;

    /// <summary>A full path; made by who needs it.</summary>
    public string ScratchFolder => scratchFolder;

    /// <summary>Time between asking an attempt to end and giving it up.</summary>
    public TimeSpan Grace => grace;

    /// <summary>The batch's clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Hears what the user should be told. From any thread.</summary>
    public Action<string> Note => note;

    /// <summary>What the session's executors share that start processes; made when the first of them asks. Safe from any thread: several attempts may be the first.</summary>
    /// <exception cref="ObjectDisposedException">The session is over.</exception>
    internal SessionProcesses Processes
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isOver, this);
                return _processes ??= new SessionProcesses(this);
            }
        }
    }

    /// <summary>Memory that the session's processes hold (KiB).</summary>
    internal long MemoryKiB => Volatile.Read(ref _processes)?.Trees.MemoryKiB ?? 0;

    /// <summary>Ends by force whatever process still runs.</summary>
    public void Dispose()
    {
        SessionProcesses? processes;
        lock (_lock)
        {
            (processes, _processes, _isOver) = (_processes, null, true);
        }

        processes?.Dispose();
    }
}
