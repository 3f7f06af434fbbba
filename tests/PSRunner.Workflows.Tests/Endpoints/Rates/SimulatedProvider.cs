namespace PSRunner.Workflows.Tests.Endpoints.Rates;

/// <summary>A provider in virtual time: a bucket of starts or a limit of requests in flight, and calls of lognormal length.</summary>
internal sealed class SimulatedProvider(Scenario scenario, int seed)
{
    private const double Spread = 0.6;
    private const double RefusalSeconds = 0.1;

    private readonly Random _random = new((seed * 7919) + 1);
    private readonly PriorityQueue<Action, double> _events = new();
    private double _level = double.PositiveInfinity;
    private double _leveledAt;
    private int _inFlight;
    private double _areaAt;

    /// <summary>Seconds since the beginning.</summary>
    public double Now { get; private set; }

    public long Admitted { get; private set; }

    public long Refusals { get; private set; }

    /// <summary>The share of what is allowed that was used.</summary>
    public double Goodput => scenario.MaxInFlight is { } most
        ? BusySeconds / (most * scenario.Seconds)
        : Admitted / Enumerable.Range(0, (int)scenario.Seconds).Sum(t => scenario.StartsPerSecond(t));

    private double BusySeconds { get; set; }

    /// <summary>Lets the client run until the scenario ends.</summary>
    public void Run(Action begin)
    {
        At(0, begin);
        while (_events.TryDequeue(out var next, out var time) && time < scenario.Seconds)
        {
            Now = time;
            next();
        }

        Now = scenario.Seconds;
        Account(0);
    }

    public void At(double time, Action act) => _events.Enqueue(act, time);

    /// <summary>A request; the answer comes later.</summary>
    public void Send(Action answered, Action refused)
    {
        if (!Admits())
        {
            Refusals++;
            At(Now + RefusalSeconds, refused);
            return;
        }

        Admitted++;
        Account(+1);
        At(Now + CallSeconds(), () =>
        {
            Account(-1);
            answered();
        });
    }

    private bool Admits()
    {
        if (scenario.MaxInFlight is { } most)
        {
            return _inFlight < most;
        }

        var rate = scenario.StartsPerSecond(Now);
        _level = Math.Min(Math.Max(1, rate * scenario.BurstSeconds), _level + (rate * (Now - _leveledAt)));
        _leveledAt = Now;
        if (_level < 1)
        {
            return false;
        }

        _level--;
        return true;
    }

    private void Account(int change)
    {
        BusySeconds += _inFlight * (Now - _areaAt);
        _areaAt = Now;
        _inFlight += change;
    }

    private double CallSeconds()
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return scenario.CallSeconds * Math.Exp((Spread * normal) - (Spread * Spread / 2));
    }
}

/// <summary>What a provider allows, unknown to the client.</summary>
internal sealed record Scenario(string Name, double CallSeconds, double Seconds, double LeastGoodput)
{
    public Func<double, double> StartsPerSecond { get; init; } = _ => 0;

    public int? MaxInFlight { get; init; }

    /// <summary>How much unused allowance the provider saves up.</summary>
    public double BurstSeconds { get; init; } = 1;
}
