using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

/// <summary>Processes that share a key, in virtual time: each with timers that wake late, and a book that takes its time.</summary>
internal sealed class LeaseHolders(int seed)
{
    private const double MostLate = 0.15;
    private const double SlowestBook = 0.03;

    private readonly Random _random = new(seed);
    private readonly PriorityQueue<Action, double> _events = new();
    private TimeSpan _given;
    private double _now;

    /// <summary>The starts: when, by whom, and what they cost.</summary>
    public List<(double At, int Holder, double Tokens)> Starts { get; } = [];

    /// <summary>False: the book never answers.</summary>
    public bool HasBook { get; init; } = true;

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    /// <summary>Adds a process that always has something to send, or only once in a while.</summary>
    /// <param name="options">The rates.</param>
    /// <param name="every">Seconds between its requests; zero: as many as may go.</param>
    /// <param name="crashesAt">When it dies, with the lease it has.</param>
    /// <param name="estimate">The tokens that are expected of a request.</param>
    /// <param name="used">The tokens that it uses, known two seconds later.</param>
    public void Add(RateOptions options, double every = 0, double crashesAt = double.PositiveInfinity, double estimate = 1, double used = 1)
    {
        var rates = new SetRates(options, isLeased: true);
        var holder = _holders++;
        var (wants, wakes) = (every == 0 ? int.MaxValue : 0, 0);
        if (every > 0)
        {
            Come();
        }

        Wake(0);

        void Come()
        {
            wants++;
            Pump();
            After(every, Come);
        }

        void Wake(double seconds)
        {
            var wake = ++wakes;
            After(Math.Ceiling(seconds * 1000) / 1000 + (_random.NextDouble() * (_random.Next(50) == 0 ? MostLate : 0.015)), () =>
            {
                if (wake == wakes)
                {
                    Pump();
                }
            });
        }

        void Pump()
        {
            if (_now >= crashesAt || wants == 0)
            {
                return;
            }

            TimeSpan wait;
            while ((wait = rates.Wait(At(_now), isTurn: true)) == TimeSpan.Zero && wants > 0)
            {
                wants -= every == 0 ? 0 : 1;
                rates.Take(estimate);
                Starts.Add((_now, holder, used));
                After(2, () => rates.Correct(At(_now), used - estimate));
            }

            if (rates.WantsLease)
            {
                var ask = rates.Ask(At(_now));
                After(HasBook ? _random.NextDouble() * SlowestBook : double.PositiveInfinity, () =>
                {
                    var lease = Lease.Next(_given, ask, At(_now));
                    _given = lease.Until;
                    rates.Lease(lease);
                    Pump();
                });
            }

            Wake(wait.TotalSeconds);
        }
    }

    /// <summary>Lets time pass.</summary>
    public void Run(double seconds)
    {
        while (_events.TryDequeue(out var next, out var time) && time < seconds)
        {
            _now = time;
            next();
        }
    }

    private int _holders;

    private void After(double seconds, Action act) => _events.Enqueue(act, _now + seconds);
}
