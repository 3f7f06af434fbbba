using System.Collections;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Workers;
using PSRunner.Workflows;

namespace PSRunner.Scripts;

/// <summary>
/// Runs the scripts that judge replies: always in worker processes, so that one that hangs is ended and its test with it. The
/// reply is <c>$_</c> and the first parameter; the others get the case's parameters by their names.
/// </summary>
/// <param name="workers">How script tests run.</param>
internal sealed class ReplyScripts(WorkerOptions workers) : IReplyScripts
{
    private readonly WorkerExecutor _executor = new(workers with { Kind = "judge" });
    private readonly Lock _lock = new();
    private SessionFacts? _session;
    private IDisposable? _pool;

    /// <inheritdoc/>
    public string Fingerprint { get; } = workers.Fingerprint.Contains('-', StringComparison.Ordinal) ? workers.Fingerprint[workers.Fingerprint.IndexOf('-', StringComparison.Ordinal)..] : "";

    /// <inheritdoc/>
    public IReadOnlyList<string> Metrics => workers.Metrics;

    /// <inheritdoc/>
    public void TryOut() => _executor.TryOut();

    /// <inheritdoc/>
    public IDisposable BeginSession(SessionFacts session)
    {
        (_session, _pool) = (session, null);
        return new Closing(this);
    }

    /// <inheritdoc/>
    public Task<AttemptReport> JudgeAsync(AttemptContext context, string reply, CancellationToken cancellation)
    {
        try
        {
            Begin();
        }
        catch (Exception e) when (e is OutOfMemoryException or IOException or UnauthorizedAccessException or TestBatchException)
        {
            // The machine's trouble, and maybe a moment's: the next one tries again.
            return Task.FromResult(new AttemptReport { Cause = Causes.NotStarted, Message = $"No worker could be had: {e.Message}" });
        }

        var values = new Hashtable(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in context.Case.GetParameters())
        {
            values[name] = value;
        }

        var input = new ScriptInput { Input = InputObject.Serialize(reply, "The reply"), Named = InputObject.Serialize(values, "The parameters") };
        var judged = new AttemptContext
        {
            Case = new TestCase(ScriptCases.Kind, context.Case.Name) { Definition = input.ToJson(), Shared = context.Case.Shared },
            CaseId = context.CaseId,
            Attempt = context.Attempt,
            Try = context.Try,
            Limits = context.Limits,
            Time = context.Time,
            SharedText = context.SharedText,
        };
        return _executor.RunAsync(judged, context.Limits.Stall, cancellation);
    }

    // Most batches of prompts need no worker.
    private void Begin()
    {
        lock (_lock)
        {
            _pool ??= _executor.BeginSession(_session ?? throw new InvalidOperationException("Scripts run in a session."));
        }
    }

    private sealed class Closing(ReplyScripts scripts) : IDisposable
    {
        public void Dispose()
        {
            lock (scripts._lock)
            {
                scripts._pool?.Dispose();
                (scripts._session, scripts._pool) = (null, null);
            }
        }
    }
}
