namespace PSRunner.Engine.Execution;

/// <summary>An executor that holds something for as long as a session lives: processes, threads, folders.</summary>
public interface ISessionExecutor : ITestExecutor
{
    /// <summary>
    /// Called once the run folder is owned and before the first attempt, when the plan has cases of this kind. Returns at
    /// once: work that takes time is awaited by the attempts.
    /// </summary>
    /// <returns>Disposed of after the last attempt; gives up, within seconds, whatever is held.</returns>
    /// <exception cref="IOException">The session cannot begin.</exception>
    IDisposable BeginSession(SessionFacts session);
}

/// <summary>What an executor may know of a session.</summary>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Number">The session's number, from 1.</param>
/// <param name="ScratchFolder">A full path; made by who needs it. What lies there is nobody's but the executor's.</param>
/// <param name="Grace">Time between asking an attempt to end and giving it up.</param>
/// <param name="Time">The batch's clock.</param>
/// <param name="Note">Hears what the user should be told. From any thread.</param>
public sealed record SessionFacts(string BatchId, int Number, string ScratchFolder, TimeSpan Grace, TimeProvider Time, Action<string> Note);
