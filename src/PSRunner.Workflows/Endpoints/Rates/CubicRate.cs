namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// Finds the rate of starts that a provider really allows, from what it turns away: CUBIC (RFC 9438) on the start rate.
/// One instance counts requests, another counts tokens; the unit is the cost handed in.
/// </summary>
/// <remarks>
/// <para>
/// A refused request says that starts come too fast, not that too many run: with calls of minutes, what runs now began
/// minutes ago. So the controller moves the rate, never the number in flight.
/// </para>
/// <para>
/// Before the first refusal the rate doubles. A refusal cuts it to Beta of what was let in and remembers that as the
/// peak. It then follows a cubic: quickly back towards the peak, level near it, slowly beyond it, and doubles again when
/// nothing is refused for twice the time of the plateau. It grows only while a start waits for it: a rate that nobody
/// uses proves nothing. Pure: no clock, no threads; the caller's times never go back.
/// </para>
/// </remarks>
internal sealed class CubicRate
{
    private readonly CubicRateOptions _options;
    private readonly PacedBucket _bucket;
    private readonly StartMeter _meter = new();
    private double _learned;
    private double? _peak;
    private double _ceiling = double.PositiveInfinity;
    private TimeSpan _ceilingEnds;
    private TimeSpan _cutAt;
    private TimeSpan _last;
    private bool _awaited;

    public CubicRate(CubicRateOptions options)
    {
        _options = options;
        _learned = options.Initial;
        _bucket = new PacedBucket(_learned, CubicRateOptions.CatchUpSeconds);
    }

    /// <summary>Cost per second that may start now.</summary>
    public double Rate => _bucket.Rate;

    /// <summary>What was let in when the provider last turned a start away; null before that.</summary>
    public double? Peak => _peak;

    /// <summary>How long the next start must wait; zero: it may go. Asking says that a start waits.</summary>
    public TimeSpan Wait(TimeSpan now)
    {
        Advance(now);
        var wait = _bucket.Wait(now);
        _awaited = wait > TimeSpan.Zero;

        // A ceiling ends by itself, and with it what it made a start wait.
        return _ceiling < _learned && wait > _ceilingEnds - now ? _ceilingEnds - now : wait;
    }

    /// <summary>A start waits for something else that is paced. It proves nothing for this rate, which must not lose time by it either.</summary>
    public void KeepUp() => _bucket.KeepUp();

    /// <summary>A start goes out.</summary>
    public void Start(TimeSpan now, double cost)
    {
        Advance(now);
        _bucket.Take(cost);
        _meter.Add(now, cost);
    }

    /// <summary>A start has cost more than estimated, or less if negative.</summary>
    public void Correct(TimeSpan now, double difference)
    {
        Advance(now);
        _bucket.Correct(difference);
    }

    /// <summary>The provider turned this start away: it no longer counts as let in.</summary>
    public void Refused(TimeSpan startedAt, double cost) => _meter.Remove(startedAt, cost);

    /// <summary>The rate that the provider let in until now; what a cut starts from. Infinite while nothing is known.</summary>
    public double LetIn(TimeSpan now)
    {
        // Few starts measure nothing: at low rates the paced rate itself is the better witness.
        var measured = _meter.Measure(now, out var starts);
        return starts >= _options.FewStarts ? Math.Min(_learned, measured) : _learned;
    }

    /// <summary>Cuts the rate: an episode of refusals began.</summary>
    public void Cut(TimeSpan now)
    {
        Advance(now);
        if (LetIn(now) is var letIn && double.IsInfinity(letIn))
        {
            return;
        }

        _peak = letIn;
        _learned = Math.Max(_options.Beta * letIn, _options.Minimum);
        _bucket.Rate = Math.Min(_learned, _ceiling);
        _cutAt = now;
    }

    /// <summary>Nothing starts before this moment: the way back to the peak begins there, and the wait is not measured.</summary>
    public void HoldUntil(TimeSpan moment)
    {
        _cutAt = moment > _cutAt ? moment : _cutAt;
        _meter.OpenFrom(moment);
    }

    /// <summary>The provider says how much is left until when: no more than that is spent.</summary>
    public void Observe(TimeSpan now, double remaining, TimeSpan resetIn)
    {
        Advance(now);
        if (resetIn <= TimeSpan.Zero)
        {
            return; // It was reset.
        }

        _ceiling = Math.Max(remaining / Math.Max(1, resetIn.TotalSeconds), _options.Minimum);
        _ceilingEnds = now + resetIn;
        _bucket.Rate = Math.Min(_learned, _ceiling);
    }

    private void Advance(TimeSpan now)
    {
        _bucket.Advance(now);
        var seconds = (now - _last).TotalSeconds;
        if (seconds <= 0)
        {
            return;
        }

        _last = now;
        _learned = Grown(now, seconds);
        _ceiling = now < _ceilingEnds ? _ceiling : double.PositiveInfinity;
        _bucket.Rate = Math.Min(_learned, _ceiling);
    }

    private double Grown(TimeSpan now, double seconds)
    {
        if (_peak is not { } peak)
        {
            return _awaited ? _learned * Math.Pow(2, seconds / _options.SlowStartDoubling) : _learned;
        }

        var sinceCut = (now - _cutAt).TotalSeconds;
        if (sinceCut <= 0)
        {
            return _learned;
        }

        if (sinceCut < 2 * _options.Plateau)
        {
            var offset = (sinceCut - _options.Plateau) / _options.Plateau;
            return Math.Max(peak * (1 + ((1 - _options.Beta) * offset * offset * offset)), _options.Minimum);
        }

        return _awaited ? _learned * Math.Pow(2, seconds / _options.ProbeDoubling) : _learned;
    }
}
