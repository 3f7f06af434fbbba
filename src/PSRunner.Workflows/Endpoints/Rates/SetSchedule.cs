namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// A rate that the user set for a key, as a schedule of starts: each moves the next one on by its cost over the rate. It
/// ends where its lease does. The rule of late timers is that of <see cref="PacedBucket"/>. Pure; times in seconds.
/// </summary>
internal sealed class SetSchedule
{
    /// <summary>The time that late timers may cost a set rate and get back: 2 % of ten seconds.</summary>
    public const double CatchUpSeconds = 0.2;

    /// <summary>A wrong estimate may hold the schedule at most this long: providers count by the minute.</summary>
    private const double LongestDebt = 60;

    /// <summary>More than the clock's ticks round a lease by.</summary>
    private const double Hair = 1e-6;

    private readonly double _rate;
    private double _next;
    private double _last;
    private double _from;
    private double _until;
    private double _span;
    private double _credit;
    private double _taken;
    private bool _awaited;

    /// <param name="rate">Cost per second; null: no limit.</param>
    /// <param name="isLeased">False: the key is nobody else's, and the lease never ends.</param>
    public SetSchedule(double? rate, bool isLeased)
    {
        _rate = rate ?? double.PositiveInfinity;
        _until = isLeased && IsLimited ? 0 : double.PositiveInfinity;
    }

    /// <summary>Whether there is a rate.</summary>
    public bool IsLimited => !double.IsInfinity(_rate);

    /// <summary>The rate; infinity: none.</summary>
    public double Rate => _rate;

    /// <summary>True when the next start lies behind the end of the lease.</summary>
    public bool IsUsedUp => _next > _until - Hair;

    /// <summary>When the next start is planned.</summary>
    public double Next => _next;

    /// <summary>How long until the next start, when the lease allows it. Asking says that a start waits.</summary>
    public double Wait(double now)
    {
        if (!IsLimited)
        {
            return 0;
        }

        var least = now - (_awaited ? CatchUpSeconds : Math.Clamp(_last - _next, 0, CatchUpSeconds));
        _last = now;
        if (_next < least)
        {
            _next = least;
            _until = Math.Max(_until, least); // Over, and nothing owed.
        }

        var wait = Math.Max(0, _next - now);
        _awaited = wait > 0 || IsUsedUp;
        return wait;
    }

    /// <summary>A start waits for something else that is paced: see <see cref="PacedBucket.KeepUp"/>.</summary>
    public void KeepUp() => _awaited = true;

    /// <summary>Takes the cost of a start.</summary>
    public void Take(double cost)
    {
        _next += cost / _rate;
        _taken += cost;
    }

    /// <summary>Adds what a start cost beyond its estimate; negative gives back, now or at the next lease.</summary>
    public void Correct(double now, double difference)
    {
        if (!IsLimited)
        {
            return;
        }

        var next = _next + (difference / _rate);
        var earliest = Math.Max(_from, now - CatchUpSeconds);
        _credit = Math.Min(_credit + Math.Max(0, earliest - next), LeaseAsk.Seconds);
        _next = difference > 0 ? Math.Min(next, Math.Max(_next, now + LongestDebt)) : Math.Max(next, Math.Min(_next, earliest));
    }

    /// <summary>What was used of others' time; negative: what is left of the lease.</summary>
    public double Owed => IsLimited ? _next - _until : double.NegativeInfinity;

    /// <summary>How much of the lease no start was charged for.</summary>
    public double Unused => Math.Max(0, _span - (_taken / _rate));

    /// <summary>What was given back too late for the lease to use it.</summary>
    public double Credit => _credit;

    /// <summary>How long a lease is wanted: for twice of what started since the last, to half a second.</summary>
    public double Span => Math.Clamp(2 * _taken / _rate, 1 / _rate, Math.Max(LeaseAsk.Seconds, 1 / _rate));

    /// <summary>So much of it as holds whole starts, one at least: what a lease's last start took of others' time would be known to them too late.</summary>
    public double Whole(double span) => IsLimited ? Math.Max(1, Math.Floor((span + Hair) * _rate)) / _rate : span;

    /// <summary>The lease is settled and used up, whatever was left of it.</summary>
    public void Settle()
    {
        (_credit, _taken) = (0, 0);
        _until = IsLimited ? _next : _until;
    }

    /// <summary>A lease came.</summary>
    public void Lease(double from, double until)
    {
        if (IsLimited)
        {
            // What was corrected while it was asked for.
            (_next, _from, _until, _span) = (from + Math.Max(0, _next - _until), from, until, until - from);
        }
    }
}
