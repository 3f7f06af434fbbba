namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// How many requests of a key may be in flight: the limit of the user and the machine, lowered only where the provider
/// shows that it counts what is in flight and not what starts.
/// </summary>
/// <remarks>
/// What repeats at every refusal is what is limited. A provider that counts starts refuses at one rate and at any number
/// in flight; one that counts requests in flight refuses at one number and at any rate. Three refusals in a row at one
/// number and at different rates lower the cap to that number. It is then tried one higher after a minute, and after
/// twice as long each time that failed. A refusal far below the cap proves it wrong and lifts it.
/// </remarks>
internal sealed class ConcurrencyCap
{
    private const int Witnesses = 3;
    private const double SameNumber = 0.02;
    private const double OtherRate = 0.05;
    private const int FirstProbeSeconds = 15;
    private const int LongestProbeSeconds = 960;

    private readonly int _limit;
    private readonly Queue<(int InFlight, double Rate)> _refusals = new(Witnesses);
    private int _refusedAt;
    private TimeSpan _probeAt;
    private int _probeSeconds;
    private int _step;

    /// <param name="limit">The most that may ever be in flight.</param>
    public ConcurrencyCap(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        Limit = _limit = limit;
    }

    /// <summary>The cap in force.</summary>
    public int Limit { get; private set; }

    private bool IsLowered => Limit < _limit;

    /// <summary>Whether one more may be in flight. A start that is held here makes the cap try a higher number when it is time.</summary>
    public bool Allows(TimeSpan now, int inFlight)
    {
        if (inFlight < Limit)
        {
            return true;
        }

        if (IsLowered && now >= _probeAt)
        {
            Limit = Math.Min(_limit, Limit + _step);
            _step *= 2;
            _probeAt = now + TimeSpan.FromSeconds(_probeSeconds);
        }

        return inFlight < Limit;
    }

    /// <summary>An episode of refusals began.</summary>
    /// <param name="now">When.</param>
    /// <param name="inFlight">What was in flight and had been let in.</param>
    /// <param name="rate">The starts per second that had been let in.</param>
    /// <returns>True when the number in flight explains it, so that the rate need not be cut.</returns>
    public bool Refused(TimeSpan now, int inFlight, double rate)
    {
        if (IsLowered)
        {
            if (IsSame(inFlight, _refusedAt))
            {
                _probeSeconds = Math.Min(2 * _probeSeconds, LongestProbeSeconds);
                Lower(now, inFlight);
                return true;
            }

            Limit = _limit;
        }

        _refusals.Enqueue((inFlight, rate));
        while (_refusals.Count > Witnesses)
        {
            _refusals.Dequeue();
        }

        var isCause = _refusals.Count == Witnesses
            && _refusals.All(r => IsSame(r.InFlight, inFlight))
            && _refusals.Max(r => r.Rate) > (1 + OtherRate) * _refusals.Min(r => r.Rate);
        if (isCause)
        {
            _refusals.Clear();
            _probeSeconds = FirstProbeSeconds;
            Lower(now, inFlight);
        }

        return isCause;
    }

    private void Lower(TimeSpan now, int inFlight)
    {
        _refusedAt = inFlight;
        Limit = Math.Max(1, Math.Min(_limit, inFlight));
        _step = 1;
        _probeAt = now + TimeSpan.FromSeconds(_probeSeconds);
    }

    private static bool IsSame(int number, int other) => Math.Abs(number - other) <= Math.Max(1, SameNumber * Math.Max(number, other));
}
