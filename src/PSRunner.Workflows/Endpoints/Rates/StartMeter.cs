namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>What was started and let in during the last ten seconds, in slices of a tenth: fixed memory at any rate.</summary>
internal sealed class StartMeter
{
    /// <summary>The window, in seconds.</summary>
    public const double WindowSeconds = 10;

    private const int Slices = 100;
    private const double SliceSeconds = WindowSeconds / Slices;

    private readonly double[] _cost = new double[Slices];
    private readonly int[] _count = new int[Slices];
    private readonly long[] _slice = new long[Slices];
    private TimeSpan _openSince;

    /// <summary>Adds a start.</summary>
    public void Add(TimeSpan at, double cost)
    {
        var slot = Slot(at, out var slice);
        if (_slice[slot] != slice)
        {
            (_slice[slot], _cost[slot], _count[slot]) = (slice, 0, 0);
        }

        _cost[slot] += cost;
        _count[slot]++;
    }

    /// <summary>Takes back a start that the provider turned away: it says nothing about what the provider lets in.</summary>
    public void Remove(TimeSpan at, double cost)
    {
        var slot = Slot(at, out var slice);
        if (_slice[slot] == slice && _count[slot] > 0)
        {
            _cost[slot] -= cost;
            _count[slot]--;
        }
    }

    /// <summary>Leaves out what lies before this moment: a time in which nothing was allowed to start.</summary>
    public void OpenFrom(TimeSpan moment) => _openSince = moment > _openSince ? moment : _openSince;

    /// <summary>The cost let in per second.</summary>
    /// <param name="now">The end of the window.</param>
    /// <param name="starts">How many starts that rests on.</param>
    public double Measure(TimeSpan now, out int starts)
    {
        var from = Math.Max(_openSince.TotalSeconds, now.TotalSeconds - WindowSeconds);
        var (first, last) = ((long)(from / SliceSeconds), (long)(now.TotalSeconds / SliceSeconds));
        var cost = 0.0;
        starts = 0;
        for (var slice = Math.Max(first, last - Slices + 1); slice <= last; slice++)
        {
            var slot = (int)(slice % Slices);
            if (_slice[slot] == slice)
            {
                cost += _cost[slot];
                starts += _count[slot];
            }
        }

        return cost / Math.Max(now.TotalSeconds - from, 1);
    }

    private static int Slot(TimeSpan at, out long slice)
    {
        slice = (long)(at.TotalSeconds / SliceSeconds);
        return (int)(slice % Slices);
    }
}
