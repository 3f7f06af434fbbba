using PSRunner.Engine.Execution;

namespace PSRunner.Workflows;

/// <summary>Runs the scripts that judge replies, which this assembly cannot.</summary>
public interface IReplyScripts
{
    /// <summary>Names what decides a verdict beside the script: how its runspace is prepared. Empty: nothing.</summary>
    string Fingerprint { get; }

    /// <summary>The metrics that scripts will give.</summary>
    IReadOnlyList<string> Metrics { get; }

    /// <summary>See <see cref="ISessionExecutor.TryOut"/>.</summary>
    void TryOut();

    /// <summary>A session begins. Nothing is started before the first script.</summary>
    /// <returns>Disposed of after the last attempt.</returns>
    IDisposable BeginSession(SessionFacts session);

    /// <summary>Runs the script of a case (the text that it shares) over a reply, ends it at its limit, and tells its verdict.</summary>
    Task<AttemptReport> JudgeAsync(AttemptContext context, string reply, CancellationToken cancellation);
}
