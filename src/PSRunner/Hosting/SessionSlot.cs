namespace PSRunner.Hosting;

/// <summary>
/// Where a command keeps its running session, so that Ctrl+C (another thread, any moment) reaches it: also one that starts
/// a moment later.
/// </summary>
internal sealed class SessionSlot : IDisposable
{
    private const string Reason = "Stopped by Ctrl+C";

    // What the command says at its end, before the process is gone.
    private static readonly TimeSpan LastLines = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly ManualResetEventSlim _over = new();
    private BatchRun? _run;
    private EndSignals? _signals;

    /// <summary>True after Ctrl+C.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Signaled by Ctrl+C.</summary>
    public CancellationToken Stopped => _stopped.Token;

    public void Set(BatchRun run)
    {
        lock (_gate)
        {
            _run = run;
            _signals = new EndSignals(
                signal =>
                {
                    run.EndWithProcess($"Its shell was ended ({signal})");
                    _over.Wait(LastLines);
                },
                processGoesOn: false);
            if (IsStopped)
            {
                run.RequestStop(Reason);
            }
        }
    }

    /// <summary>Signals and returns at once.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            IsStopped = true;
            _run?.RequestStop(Reason); // First: who sees the signal stops it too, under another name.
            _stopped.Cancel();
        }
    }

    public void Dispose()
    {
        _run?.Dispose();
        _signals?.Dispose();
        _stopped.Dispose();
        _over.Set(); // Not disposed of: a signal's thread may still wait for it.
    }
}
