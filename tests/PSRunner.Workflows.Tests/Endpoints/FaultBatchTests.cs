using System.Collections.Concurrent;
using System.Diagnostics;
using PSRunner.ModelServer;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>
/// Batches of 500 cases against a server that misbehaves: every case ends as <see cref="FaultTable"/> says, none is lost,
/// and no model is blamed. The model makes no mistakes of its own, so what failed would be the provider's doing.
/// </summary>
public sealed class FaultBatchTests(ITestOutputHelper output) : IDisposable
{
    private const int Size = 500;

    /// <summary>Batches at once: they wait more than they work.</summary>
    private const int AtOnce = 10;

    private static readonly Fault[] OfOneRequest = [.. FaultTable.Rows.Keys.Except([Fault.KeyRevoked, Fault.QuotaUsedUp])];

    private readonly EndpointBatch _batch = new();

    public void Dispose() => _batch.Dispose();

    [Fact]
    public async Task Each_fault_alone_and_all_mixed_end_in_their_outcome_cause_and_domain()
    {
        var tallies = new ConcurrentBag<FaultTally>();
        var limits = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken };
        Run[] runs = [Unreachable("TLS", server => server.TlsEndpoint), Unreachable("DNS", _ => new Uri("http://nowhere.invalid/v1")), Mixed(), .. OfOneRequest.Select(Alone)];
        await Parallel.ForEachAsync(runs, limits, async (run, _) => tallies.Add(await RunAsync(run)));

        output.WriteLine(FaultTally.Header);
        foreach (var tally in tallies.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            output.WriteLine(tally.ToString());
        }

        // What cannot be reached at all stops its lane, so that not every case is spent on it.
        var stopped = new[] { "TLS", "DNS" };
        Assert.All(tallies, tally =>
        {
            var isStopped = stopped.Contains(tally.Name);
            Assert.Equal((tally.Name, isStopped ? BatchStates.Stopped : BatchStates.Completed), (tally.Name, tally.State));
            Assert.InRange(tally.Results, isStopped ? 40 : Size, isStopped ? 100 : Size);
            Assert.True(tally.Blamed == 0 && tally.Right >= 0.99 * tally.Faulted && tally.HealthyRight >= 0.99 * tally.Healthy, $"{tally}");
        });
    }

    [Theory]
    [InlineData(Fault.KeyRevoked)]
    [InlineData(Fault.QuotaUsedUp)]
    public async Task A_key_that_goes_bad_in_mid_batch_costs_what_was_under_way_and_the_rest_is_done_when_it_is_good_again(Fault fault)
    {
        var isBad = true;
        var row = FaultTable.Rows[fault];
        var errands = new Errands(fault.ToString(), _ => null);
        await using var server = ChatServer.Start(new ServerOptions { Wit = Errands.Reply, Faults = (number, _) => isBad && number > 300 ? fault : null });
        errands.Register(_batch, server.Endpoint);
        var cases = errands.Cases(Size, _batch.Folder, _batch.Catalog);

        var first = await Task.Run(() => _batch.Run(cases, o => o with { RetryCount = 2, ThrottleLimit = 40 }));
        var bad = first.Results.Where(r => r.Outcome != "Passed").ToList();
        output.WriteLine($"{first.Results.Count} results, {bad.Count} {row.Cause}; {first.Batch.State}: {first.Batch.Message}");
        Assert.Equal((BatchStates.Stopped, Size), (first.Batch.State, first.Batch.Planned));
        Assert.All(bad, r => Assert.Equal((row.Outcome, row.Cause, row.Domain), (r.Outcome, r.Cause, r.FaultDomain)));
        Assert.InRange(bad.Count, 1, 100);
        Assert.InRange(first.Results.Count, 100, 300);

        isBad = false;
        var second = await Task.Run(() => _batch.Resume(first.Batch.RunFolder, new ResumeOptions { RetryOutcome = [row.Cause] }));
        Assert.Equal((BatchStates.Completed, Size), (second.Batch.State, first.Results.Except(bad).Concat(second.Results).Select(r => r.Id).Distinct().Count()));
        Assert.All(second.Results, r => Assert.Equal("Passed", r.Outcome));
    }

    [Fact]
    public async Task A_deployment_that_cannot_be_reached_costs_no_case_beside_a_good_one()
    {
        var errands = new Errands("beside", _ => null);
        await using var server = ChatServer.Start(new ServerOptions { Wit = Errands.Reply });
        foreach (var name in new[] { errands.Streaming, errands.Whole })
        {
            _batch.Register(name, server.Endpoint, e => e with { Deployment = [server.TlsEndpoint.ToString(), server.Endpoint.ToString()], RequestsPerMinute = 600_000 });
        }

        var cases = errands.Cases(Size, _batch.Folder, _batch.Catalog);
        var ended = await Task.Run(() => _batch.Run(cases, o => o with { ThrottleLimit = 100 }));

        output.WriteLine(string.Join('\n', ended.Notes));
        Assert.Equal((BatchStates.Completed, Size), (ended.Batch.State, ended.Results.Count(r => r.Outcome == "Passed")));
        Assert.Equal(2, ended.Notes.Count(note => note.Contains(server.TlsEndpoint.ToString(), StringComparison.Ordinal)));
    }

    // Every fifth errand meets the fault, in its first or second turn, once or always. Few meet what is large or, as a
    // throttle of the key, holds up all others.
    private static Run Alone(Fault fault)
    {
        var each = fault is Fault.HugeReply or Fault.ThrottledBare or Fault.ThrottledInBody or Fault.Throttled ? 50 : 5;
        var turn = (int number) => 1 + (number / each / 2 % 2);
        var lasts = (int number) => number % each == 0 && number / each % 2 == 0;
        var errands = new Errands(
            fault.ToString(),
            visit => visit.Number % each == 0 && visit.Turn >= turn(visit.Number) && (lasts(visit.Number) || (visit.Turn, visit.Times) == (turn(visit.Number), 1)) ? fault : null)
        {
            IsTriedOnce = lasts,
        };

        // Short where the fault is to run into it, and long where only a busy machine could.
        return new Run(errands, FaultTable.Rows[fault].Cause == "no-reply" ? 8 : 30);
    }

    private static Run Unreachable(string name, Func<ChatServer, Uri> address) =>
        new(new Errands(name, _ => null) { IsTriedOnce = _ => true }, RequestLimit: 30, address);

    // Every tenth request meets any of the faults, again and again.
    private static Run Mixed()
    {
        var errands = new Errands("(mixed)", visit =>
        {
            var random = new Random((visit.Number * 7919) + (visit.Turn * 104_729) + (visit.Times * 1_299_709));
            return random.NextDouble() < 0.1 ? OfOneRequest[random.Next(OfOneRequest.Length)] : null;
        });
        return new Run(errands, RequestLimit: 5);
    }

    private async Task<FaultTally> RunAsync(Run run)
    {
        var watch = Stopwatch.StartNew();
        var errands = run.Errands;
        await using var server = ChatServer.Start(new ServerOptions
        {
            Wit = Errands.Reply,
            Faults = (_, request) => errands.Meet(request),
            PieceLength = 8,
            SlowStep = TimeSpan.FromSeconds(8),
            LeastRetryAfter = TimeSpan.FromMilliseconds(100),
        });
        errands.Register(_batch, run.Address?.Invoke(server) ?? server.Endpoint);
        var cases = errands.Cases(Size, _batch.Folder, _batch.Catalog);
        var ended = await Task.Run(() => _batch.Run(
            cases, o => o with { ThrottleLimit = 100, RetryCount = 3, FixedRate = true, RequestTimeoutSeconds = run.RequestLimit, KeepArtifact = ArtifactRule.None }));

        var tally = new FaultTally(errands.Name) { State = ended.Batch.State, Seconds = watch.Elapsed.TotalSeconds, Notes = ended.Notes };
        foreach (var result in ended.Results)
        {
            var testCase = cases[result.Index];
            var streams = Equals(testCase.GetParameter("Model"), errands.Streaming);
            IReadOnlyList<FaultRow> met = run.Address is null ? [.. errands.MetBy(testCase).Select(fault => FaultTable.Of(fault, streams))] : [FaultTable.Unreachable];
            tally.Count(result, met, mustFail: met.Count > 0 && testCase.RetryCount == 0);
        }

        return tally;
    }

    private sealed record Run(Errands Errands, double RequestLimit, Func<ChatServer, Uri>? Address = null);
}
