using Microsoft.Extensions.Time.Testing;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

public sealed class RateGateTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_enter_in_the_order_in_which_they_came_at_the_set_rate()
    {
        using var gate = Gate(perSecond: 10);
        var order = new List<int>();
        Task[] waiting = [.. Enumerable.Range(0, 20).Select(i => Enter(i))];

        for (var tick = 0; tick < 50 && order.Count < 20; tick++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Settled(() => order.Count >= Math.Min(20, tick + 2));
            Assert.Equal(Math.Min(20, tick + 2), order.Count);
        }

        await Task.WhenAll(waiting);
        Assert.Equal(Enumerable.Range(0, 20), order);

        async Task Enter(int number)
        {
            // Kept: one that ended would look at the clock while it is moved.
            await gate.EnterAsync(1, Stop);
            lock (order)
            {
                order.Add(number);
            }
        }
    }

    [Fact]
    public async Task The_wait_is_metered()
    {
        using var gate = Gate(perSecond: 1);
        using var first = await gate.EnterAsync(1, Stop);
        var second = gate.EnterAsync(1, Stop).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        using var permit = await second;

        Assert.Equal(TimeSpan.Zero, first.Waited);
        Assert.Equal(TimeSpan.FromSeconds(1), permit.Waited);
    }

    [Fact]
    public async Task One_that_gives_up_leaves_its_place_to_the_next()
    {
        using var gate = Gate(perSecond: 1);
        using var first = await gate.EnterAsync(1, Stop);
        using var giveUp = new CancellationTokenSource();
        var second = gate.EnterAsync(1, giveUp.Token).AsTask();
        var third = gate.EnterAsync(1, Stop).AsTask();

        await giveUp.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => second);
        _time.Advance(TimeSpan.FromSeconds(1));
        using var permit = await third;
        Assert.Equal(0, gate.Queued);
    }

    [Fact]
    public async Task The_queue_has_a_bound()
    {
        using var gate = new RateGate(new RateOptions { RequestsPerSecond = 1, IsFixed = true, MaxQueued = 2 }, _time);
        using var first = await gate.EnterAsync(1, Stop);
        var waiting = new[] { gate.EnterAsync(1, Stop).AsTask(), gate.EnterAsync(1, Stop).AsTask() };

        var error = await Assert.ThrowsAsync<ProviderException>(() => gate.EnterAsync(1, Stop).AsTask());
        Assert.Equal(Causes.RateWait, error.Cause);
        Assert.All(waiting, w => Assert.False(w.IsCompleted));
        Assert.Equal(2, gate.Backlog.TotalSeconds);
    }

    [Fact]
    public async Task A_refusal_holds_the_key_and_not_the_slot()
    {
        using var gate = new RateGate(new RateOptions { RequestsPerSecond = 100, MaxInFlight = 1 }, _time);
        var permit = await gate.EnterAsync(1, Stop);
        permit.Refused(TimeSpan.FromSeconds(10), RefusalScope.Unknown);
        permit.Dispose();
        Assert.Equal(0, gate.Snapshot().InFlight);

        var next = gate.EnterAsync(1, Stop).AsTask();
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1.2));
        (await next).Dispose();
    }

    [Fact]
    public async Task The_end_of_a_request_lets_the_next_one_in()
    {
        using var gate = new RateGate(new RateOptions { RequestsPerSecond = 1_000_000, IsFixed = true, MaxInFlight = 1 }, _time);
        var first = await gate.EnterAsync(1, Stop);
        var second = gate.EnterAsync(1, Stop).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(second.IsCompleted);

        first.Answered(tokens: 5);
        (await second).Dispose();
    }

    [Fact]
    public async Task A_closed_key_turns_all_away_with_its_reason_until_it_is_opened()
    {
        using var gate = Gate(perSecond: 1);
        using var first = await gate.EnterAsync(1, Stop);
        var waiting = gate.EnterAsync(1, Stop).AsTask();

        gate.Close(() => new HttpRequestException("the quota is used up"));
        await Assert.ThrowsAsync<HttpRequestException>(() => waiting);
        await Assert.ThrowsAsync<HttpRequestException>(() => gate.EnterAsync(1, Stop).AsTask());

        gate.Reopen();
        _time.Advance(TimeSpan.FromSeconds(5));
        (await gate.EnterAsync(1, Stop)).Dispose();
    }

    [Fact]
    public async Task Nothing_in_flight_is_lost_or_doubled_when_many_threads_use_one_gate()
    {
        using var gate = new RateGate(new RateOptions { RequestsPerSecond = 1e9, IsFixed = true, MaxInFlight = 7 }, TimeProvider.System);
        var (inFlight, most, done) = (0, 0, 0);
        await Parallel.ForAsync(0, 5_000, new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Stop }, async (_, token) =>
        {
            using var permit = await gate.EnterAsync(1, token);
            InterlockedMax(ref most, Interlocked.Increment(ref inFlight));
            await Task.Yield();
            Interlocked.Increment(ref done);
            Interlocked.Decrement(ref inFlight);
        });

        Assert.Equal((5_000, 0), (done, gate.Snapshot().InFlight));
        Assert.InRange(most, 1, 7);
    }

    private RateGate Gate(double perSecond) => new(new RateOptions { RequestsPerSecond = perSecond, IsFixed = true }, _time);

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Lets continuations on the pool run; ends early, and late only in a failing test.</summary>
    private static async Task Settled(Func<bool> done)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!done() && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
        {
            await Task.Yield();
        }
    }
}
