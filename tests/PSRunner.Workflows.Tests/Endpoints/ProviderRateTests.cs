using System.Collections.Concurrent;
using PSRunner.ModelServer;
using PSRunner.Workflows.Endpoints;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>
/// The rate that a provider really allows, found over HTTP by a whole batch: the simulations of <see cref="Rates.RateSimulationTests"/>
/// once for real. PSRUNNER_LONG_TESTS=1 begins as slowly as a batch does that knows nothing; else it begins half too fast.
/// </summary>
public sealed class ProviderRateTests(ITestOutputHelper output) : IDisposable
{
    private const double Allowed = 20;

    private readonly EndpointBatch _batch = new();

    public void Dispose() => _batch.Dispose();

    [Fact]
    public async Task A_hidden_limit_is_found_and_used_and_costs_no_case()
    {
        var isLong = Environment.GetEnvironmentVariable("PSRUNNER_LONG_TESTS") == "1";
        var (cases, from, seconds) = isLong ? (1000, 40.0, 30.0) : (300, 12.0, 10.0);
        var (let, refused) = (new ConcurrentQueue<double>(), new ConcurrentQueue<double>());
        var began = TimeProvider.System.GetTimestamp();
        await using var server = ChatServer.Start(new ServerOptions
        {
            Wit = Errands.Reply,
            Capacity = new Capacity { RequestsPerMinute = 60 * Allowed, Latency = TimeSpan.FromMilliseconds(300) },
            Served = (_, fault) => (fault is null ? let : refused).Enqueue(TimeProvider.System.GetElapsedTime(began).TotalSeconds),
        });
        var errands = new Errands("rate", _ => null);
        errands.Register(_batch, server.Endpoint);
        _batch.Register(errands.Streaming, server.Endpoint, e => e with { RequestsPerMinute = isLong ? double.NaN : 60 * 1.5 * Allowed });
        var plan = errands.Cases(2 * cases, _batch.Folder, _batch.Catalog).Where(c => Equals(c.GetParameter("Model"), errands.Streaming));

        var ended = await Task.Run(() => _batch.Run(plan, o => o with { ThrottleLimit = 100, RetryCount = 3, KeepArtifact = ArtifactRule.None }));

        var first = let.Min();
        var share = let.Count(t => t - first >= from && t - first < from + seconds) / (Allowed * seconds);
        output.WriteLine($"{let.Count} requests let in over {let.Max() - first:0} s, {refused.Count} refused; {share:P0} of the allowed from {from} s on for {seconds} s.");
        Assert.Equal((BatchStates.Completed, cases, cases), (ended.Batch.State, ended.Results.Count, ended.Results.Count(r => r.Outcome == "Passed")));
        Assert.True(let.Max() - first >= from + seconds, "The batch was over before it was measured.");
        Assert.InRange(share, 0.8, 1 + (2 / seconds)); // The server saves up what a second allows.
        Assert.InRange(refused.Count, 1, let.Count / 4);
        Assert.Contains("\"cuts\": ", File.ReadAllText(Path.Combine(ended.Batch.RunFolder, EndpointRecord.FileName)), StringComparison.Ordinal);
    }
}
