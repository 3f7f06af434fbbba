namespace PSRunner.Engine.Observation;

/// <summary>Counts durable results and their rate over the last minute. Written by one thread, read by any.</summary>
internal sealed class Meter
{
    private const int WindowSeconds = 60;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly int[] _counts;
    private readonly int[] _perSecond = new int[WindowSeconds];
    private long _second;
    private int _ofThisSession;

    /// <param name="time">The batch's clock.</param>
    /// <param name="counts">Results of earlier sessions, in the order of <see cref="Outcomes.All"/>.</param>
    public Meter(TimeProvider time, IReadOnlyList<int> counts)
    {
        _time = time;
        _started = time.GetTimestamp();
        _counts = [.. counts];
    }

    /// <summary>Counts durable results.</summary>
    public void Count(IReadOnlyList<TestResult> results)
    {
        lock (_lock)
        {
            MoveTo(Second());
            _perSecond[_second % WindowSeconds] += results.Count;
            _ofThisSession += results.Count;
            foreach (var result in results)
            {
                _counts[IndexOf(result.Outcome)]++;
            }
        }
    }

    /// <summary>Fills in the figures that this meter knows.</summary>
    /// <param name="progress">The rest of the snapshot; its Planned is used for the time left.</param>
    public TestProgress Read(TestProgress progress)
    {
        lock (_lock)
        {
            var elapsed = _time.GetElapsedTime(_started).TotalSeconds;
            MoveTo(Second());
            var recent = _perSecond.Sum();
            var rate = _ofThisSession == 0 ? double.NaN : recent / Math.Clamp(elapsed, 0.1, WindowSeconds);
            var done = _counts.Sum();
            return progress with
            {
                Done = done,
                Passed = _counts[0],
                Failed = _counts[1],
                Errored = _counts[2],
                TimedOut = _counts[3],
                Crashed = _counts[4],
                Skipped = _counts[5],
                Rate = rate,
                LeftSeconds = rate > 0 ? (progress.Planned - done) / rate : double.NaN,
                ElapsedSeconds = elapsed,
            };
        }
    }

    private static int IndexOf(string outcome)
    {
        for (var i = 0; i < Outcomes.All.Count; i++)
        {
            if (Outcomes.All[i] == outcome)
            {
                return i;
            }
        }

        throw new ArgumentException($"'{outcome}' is no outcome.", nameof(outcome));
    }

    private long Second() => (long)_time.GetElapsedTime(_started).TotalSeconds;

    // Empties the seconds that passed without a result.
    private void MoveTo(long second)
    {
        for (var s = Math.Max(_second + 1, second - WindowSeconds + 1); s <= second; s++)
        {
            _perSecond[s % WindowSeconds] = 0;
        }

        _second = second;
    }
}
