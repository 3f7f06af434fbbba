namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>A cap on the starts of one batch, over all keys. Safe from any thread.</summary>
internal sealed class Pace
{
    private readonly Lock _lock = new();
    private readonly PacedBucket _bucket;
    private readonly TimeProvider _time;
    private readonly long _origin;

    /// <param name="rate">Starts per second; infinity: no cap.</param>
    /// <param name="time">The clock.</param>
    public Pace(double rate, TimeProvider time)
    {
        _bucket = new PacedBucket(rate, SetSchedule.CatchUpSeconds);
        _time = time;
        _origin = time.GetTimestamp();
    }

    /// <summary>Starts per second.</summary>
    public double Rate
    {
        get
        {
            lock (_lock)
            {
                return _bucket.Rate;
            }
        }
    }

    /// <summary>Takes the next start when its time has come.</summary>
    /// <returns>How long until then; zero: it was taken.</returns>
    public TimeSpan TryTake()
    {
        lock (_lock)
        {
            var wait = _bucket.Wait(_time.GetElapsedTime(_origin));
            if (wait == TimeSpan.Zero)
            {
                _bucket.Take(1);
            }

            return wait;
        }
    }

    /// <summary>A start waits for something else that is paced.</summary>
    public void KeepUp()
    {
        lock (_lock)
        {
            _bucket.KeepUp();
        }
    }

    /// <summary>Another rate, from now on.</summary>
    public void Set(double rate)
    {
        lock (_lock)
        {
            _bucket.Advance(_time.GetElapsedTime(_origin));
            _bucket.Rate = rate;
        }
    }
}
