namespace PSRunner.Engine.Workers;

/// <summary>A kind of case that runs in worker processes.</summary>
internal sealed record WorkerOptions
{
    /// <summary>The kind.</summary>
    public required string Kind { get; init; }

    /// <summary>See <see cref="Execution.ITestExecutor.Fingerprint"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The metrics that become columns.</summary>
    public IReadOnlyList<string> Metrics { get; init; } = [];

    /// <summary>The program that becomes a worker; asked once a session.</summary>
    public required Func<WorkerCommand> Command { get; init; }

    /// <summary>What every worker is told once, before its first case.</summary>
    public string Setup { get; init; } = "";

    /// <summary>True when what it is told may fail, because it is the user's: then one worker is prepared before anything starts.</summary>
    public bool TryFirst { get; init; }

    /// <summary>Signaled when nobody waits any more for that.</summary>
    public CancellationToken Canceled { get; init; }

    /// <summary>Cases after which a worker is replaced.</summary>
    public int CasesPerWorker { get; init; } = 1000;
}

/// <summary>How to start a worker.</summary>
/// <param name="Program">A full path.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record WorkerCommand(string Program, IReadOnlyList<string> Arguments);
