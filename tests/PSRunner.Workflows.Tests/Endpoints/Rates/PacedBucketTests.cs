using CsCheck;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

public sealed class PacedBucketTests
{
    private const double Hair = 1e-6;
    private const double TimerStep = 0.001;

    [Fact]
    public void Starts_come_evenly_and_not_in_bursts()
    {
        var starts = Starts(rate: 10, lateness: () => 0, seconds: 3.001);

        Assert.Equal(31, starts.Count);
        Assert.All(starts.Zip(starts.Skip(1), (a, b) => b - a), gap => Assert.Equal(0.1, gap, TimerStep + Hair));
    }

    [Fact]
    public void Over_any_ten_seconds_the_error_is_two_percent_or_one_request_however_late_timers_wake() =>
        Gen.Select(Gen.Double[0.2, 200], Gen.Int).Sample((rate, seed) =>
        {
            var starts = Starts(rate, Lateness(seed, seldom: 0.198), seconds: 60);

            // In whole requests, because a window holds no part of one.
            var error = Math.Max(0.02 * 10 * rate, 1);
            var (least, most) = (Math.Floor((10 * rate) - error - Hair), Math.Ceiling((10 * rate) + error + Hair));
            foreach (var count in TenSeconds(starts))
            {
                Assert.True(count >= least && count <= most, $"{rate}/s: {count} in 10 s");
            }
        }, iter: 100);

    [Fact]
    public void Timers_later_than_the_bound_lower_the_rate_and_never_raise_it()
    {
        var starts = Starts(rate: 50, Lateness(seed: 1, seldom: 0.6), seconds: 60);

        Assert.InRange(starts.Count, 2_500, 2_999);
        Assert.All(TenSeconds(starts), count => Assert.True(count <= 510));
    }

    [Fact]
    public void Time_in_which_nobody_waited_is_not_caught_up()
    {
        var bucket = new PacedBucket(rate: 100, catchUpSeconds: 0.2);
        Assert.Equal(TimeSpan.Zero, bucket.Wait(TimeSpan.Zero));
        bucket.Take(1);

        var later = TimeSpan.FromMinutes(1);
        Assert.Equal(TimeSpan.Zero, bucket.Wait(later));
        bucket.Take(1);
        Assert.Equal(0.01, bucket.Wait(later).TotalSeconds, 1e-6);
    }

    [Fact]
    public void A_costly_start_goes_at_once_and_is_paid_for_afterwards()
    {
        var bucket = new PacedBucket(rate: 100, catchUpSeconds: 0);
        bucket.Take(500);

        Assert.Equal(5, bucket.Wait(TimeSpan.Zero).TotalSeconds, 1e-6);
        bucket.Correct(-200);
        Assert.Equal(3, bucket.Wait(TimeSpan.Zero).TotalSeconds, 1e-6);
    }

    [Fact]
    public void A_wrong_estimate_holds_the_bucket_for_a_minute_at_most()
    {
        var bucket = new PacedBucket(rate: 1, catchUpSeconds: 0);
        bucket.Take(1);
        bucket.Correct(1_000_000);

        Assert.Equal(60, bucket.Wait(TimeSpan.Zero).TotalSeconds, 1e-6);
    }

    /// <summary>Starts as the gate makes them, whose timers count whole milliseconds and wake late.</summary>
    private static List<double> Starts(double rate, Func<double> lateness, double seconds)
    {
        var bucket = new PacedBucket(rate, SetSchedule.CatchUpSeconds);
        var starts = new List<double>();
        for (var now = 0.0; now <= seconds;)
        {
            var wait = bucket.Wait(TimeSpan.FromSeconds(now));
            if (wait == TimeSpan.Zero)
            {
                starts.Add(now);
                bucket.Take(1);
            }
            else
            {
                now += (Math.Ceiling(wait.TotalMilliseconds) / 1000) + lateness();
            }
        }

        return starts;
    }

    /// <summary>Up to 20 ms each time, and up to far more once in a hundred times.</summary>
    private static Func<double> Lateness(int seed, double seldom)
    {
        var random = new Random(seed);
        return () => random.NextDouble() * (random.Next(100) == 0 ? seldom : 0.02);
    }

    /// <summary>The starts in windows of ten seconds without their end, that open at a start, where they hold most, or just behind one.</summary>
    private static IEnumerable<int> TenSeconds(List<double> starts)
    {
        foreach (var start in starts.Distinct().TakeWhile(start => start + 10 < starts[^1]))
        {
            yield return Before(start + 10) - Before(start);
            yield return Before(start + 10 + Hair) - Before(start + Hair);
        }

        int Before(double time) => starts.BinarySearch(time) is var found && found < 0 ? ~found : starts.FindIndex(found - Math.Min(found, 50), s => s == time);
    }
}
