namespace PSRunner.Engine.Execution;

/// <summary>Knows how to run one kind of case. One instance serves all attempts of a batch, many at once.</summary>
public interface ITestExecutor
{
    /// <summary>The kind of case it runs (<see cref="TestCase.Kind"/>).</summary>
    string Kind { get; }

    /// <summary>
    /// Names what decides the result beside the case itself, so that it changes when results may change: the executor's
    /// version, for example <c>workflow/1</c>. Part of every case id. The case's definition is hashed by the engine.
    /// </summary>
    string Fingerprint { get; }

    /// <summary>The metrics it reports; they become columns and properties of every result of the batch.</summary>
    IReadOnlyList<string> Metrics { get; }

    /// <summary>True when its cases talk to a model endpoint: faults of the endpoint are then the provider's.</summary>
    bool JudgesModel { get; }

    /// <summary>
    /// True when code of the user runs inside this process and could take it down. Only such cases become suspects when
    /// the host dies: a kill from outside must not be blamed on a test that could not have caused it.
    /// </summary>
    bool CanCrashHost { get; }

    /// <summary>Seconds one attempt may take when neither the case nor the user says so.</summary>
    double DefaultTestTimeoutSeconds { get; }

    /// <summary>Seconds that it may take to make ready what runs an attempt (a worker process): time that is not the attempt's.</summary>
    double ReadySeconds => 0;

    /// <summary>What must not be seen in anything that its attempts report.</summary>
    Secrets Secrets => Secrets.None;

    /// <summary>Looks after what the cases need from outside; null: they need nothing.</summary>
    ILaneSteward? Steward => null;

    /// <summary>The name of what a case needs from outside (a model endpoint), for its steward; empty: nothing.</summary>
    string NeedOf(TestCase testCase) => "";

    /// <summary>
    /// Runs one attempt on a thread-pool thread and tells how it ended. Returns soon after <paramref name="cancellation"/>
    /// is signalled; what it returns then only adds detail (output, last activity), the conductor knows why it canceled.
    /// An exception is recorded as <see cref="Causes.Exception"/>.
    /// </summary>
    Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation);
}
