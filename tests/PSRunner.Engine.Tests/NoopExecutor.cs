using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Tests;

/// <summary>Does what a function says, by default passes at once.</summary>
internal sealed class NoopExecutor(Func<AttemptContext, CancellationToken, Task<AttemptReport>>? run = null) : ITestExecutor
{
    private static readonly Task<AttemptReport> Passed = Task.FromResult(new AttemptReport { Score = 1 });

    public string Kind => "noop";

    public string Fingerprint => "noop/1";

    public IReadOnlyList<string> Metrics { get; init; } = ["Ticks"];

    public bool JudgesModel { get; init; }

    public bool CanCrashHost { get; init; }

    public Secrets Secrets { get; } = new();

    public double DefaultTestTimeoutSeconds => 600;

    public Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation) => run is null ? Passed : run(context, cancellation);
}
