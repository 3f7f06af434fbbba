namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// A bucket that may go into debt: a start needs a level of at least 0 and then takes its whole cost, so the next start
/// waits until the cost has flowed back. This paces starts instead of letting them out in bursts.
/// </summary>
/// <remarks>
/// <para>
/// The level is a schedule: a start that a late timer let out late does not delay the one after it, because the time it
/// was late is caught up, to a bound. Time in which nobody waited is not. So while starts of cost 1 wait and no timer
/// wakes later than the bound b, any window of w seconds (its end left out) holds between floor(rate (w - b)) and
/// ceil(rate (w + b)) starts: at a fiftieth of the window, 2 % of the set rate, or one request where that is more. A
/// timer that wakes later than the bound lowers the rate; nothing raises it.
/// </para>
/// <para>
/// Not System.Threading.RateLimiting.TokenBucketRateLimiter, for rates set by a user either: it starts full (a burst),
/// gives out whole permits at ticks of a timer, cannot change its rate, cannot take back what an estimate got wrong and
/// has a clock of its own, so that neither the error over ten seconds nor a simulated hour could be held by a test.
/// </para>
/// </remarks>
internal sealed class PacedBucket
{
    /// <summary>A wrong estimate may hold the bucket at most this long: providers count by the minute.</summary>
    private const double LongestDebtSeconds = 60;

    private readonly double _catchUpSeconds;
    private double _level;
    private bool _awaited;
    private TimeSpan _last;

    /// <param name="rate">Cost per second; infinity lets everything through.</param>
    /// <param name="catchUpSeconds">How much time that a timer woke late is caught up.</param>
    public PacedBucket(double rate, double catchUpSeconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rate);
        Rate = rate;
        _catchUpSeconds = catchUpSeconds;
    }

    /// <summary>Cost per second. Set it after <see cref="Advance"/>: time that has passed is paid at the old rate.</summary>
    public double Rate { get; set; }

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan now)
    {
        var seconds = Math.Max(0, (now - _last).TotalSeconds);
        _last = now > _last ? now : _last;
        var most = _awaited ? Rate * _catchUpSeconds : Math.Clamp(_level, 0, Rate * _catchUpSeconds);
        _level = double.IsInfinity(Rate) ? 0 : Math.Min(_level + (Rate * seconds), most);
    }

    /// <summary>How long until a start is allowed; zero: now. Asking says that a start waits.</summary>
    public TimeSpan Wait(TimeSpan now)
    {
        Advance(now);
        var wait = _level >= 0 || double.IsInfinity(Rate) ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(-_level / Rate, 86_400));
        _awaited = wait > TimeSpan.Zero;
        return wait;
    }

    /// <summary>A start waits for something else that is paced: this bucket catches up on the same late timer, or both lose by it.</summary>
    public void KeepUp() => _awaited = true;

    /// <summary>Takes the cost of a start.</summary>
    public void Take(double cost) => _level -= cost;

    /// <summary>Adds what a start cost beyond its estimate; negative gives back.</summary>
    public void Correct(double difference) =>
        _level = difference > 0 ? Math.Max(_level - difference, Math.Min(_level, -LongestDebtSeconds * Rate)) : _level - difference;
}
