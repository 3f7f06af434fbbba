namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// A bucket that may go into debt: a start needs a level of at least 0 and then takes its whole cost, so the next start
/// waits until the cost has flowed back. This paces starts instead of letting them out in bursts.
/// </summary>
/// <remarks>
/// Not System.Threading.RateLimiting.TokenBucketRateLimiter, for rates set by a user either: it starts full (a burst),
/// gives out whole permits at ticks of a timer, cannot change its rate, cannot take back what an estimate got wrong and
/// has a clock of its own, so that neither the error over ten seconds nor a simulated hour could be held by a test.
/// </remarks>
internal sealed class PacedBucket
{
    /// <summary>A wrong estimate may hold the bucket at most this long: providers count by the minute.</summary>
    private const double LongestDebtSeconds = 60;

    private readonly double _burstSeconds;
    private double _level;
    private TimeSpan _last;

    /// <param name="rate">Cost per second; infinity lets everything through.</param>
    /// <param name="burstSeconds">How much unused time may be caught up, so that late timers do not lower the rate.</param>
    public PacedBucket(double rate, double burstSeconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rate);
        Rate = rate;
        _burstSeconds = burstSeconds;
    }

    /// <summary>Cost per second. Set it after <see cref="Advance"/>: time that has passed is paid at the old rate.</summary>
    public double Rate { get; set; }

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan now)
    {
        var seconds = Math.Max(0, (now - _last).TotalSeconds);
        _last = now > _last ? now : _last;
        _level = double.IsInfinity(Rate) ? 0 : Math.Min(_level + (Rate * seconds), Rate * _burstSeconds);
    }

    /// <summary>How long until a start is allowed; zero: now.</summary>
    public TimeSpan Wait => _level >= 0 || double.IsInfinity(Rate) ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(-_level / Rate, 86_400));

    /// <summary>Takes the cost of a start.</summary>
    public void Take(double cost) => _level -= cost;

    /// <summary>Adds what a start cost beyond its estimate; negative gives back.</summary>
    public void Correct(double difference) =>
        _level = difference > 0 ? Math.Max(_level - difference, Math.Min(_level, -LongestDebtSeconds * Rate)) : _level - difference;
}
