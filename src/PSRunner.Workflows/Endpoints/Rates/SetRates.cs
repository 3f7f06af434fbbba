namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// The rates that the user set for a key, and the leases of its time where others may use the key, too. Pure: who holds
/// the lock brings the clock and carries asks and leases between this and the <see cref="LeaseBook"/>.
/// </summary>
internal sealed class SetRates
{
    /// <summary>A book that does not answer in this time holds nobody up: until it does, starts go on by the own schedule.</summary>
    private const double Patience = 1;

    private readonly SetSchedule _requests;
    private readonly SetSchedule _tokens;
    private double? _askedAt;
    private bool _isAlone;
    private double _share = 1;

    /// <param name="options">The rates.</param>
    /// <param name="isLeased">False: the key is nobody else's.</param>
    public SetRates(RateOptions options, bool isLeased)
    {
        _requests = new SetSchedule(options.RequestsPerSecond, isLeased);
        _tokens = new SetSchedule(options.TokensPerSecond, isLeased);
    }

    /// <summary>Requests per second, as far as others leave them; infinity: no limit.</summary>
    public double RequestsPerSecond => _requests.Rate * _share;

    /// <summary>Tokens per second, as far as others leave them; infinity: no limit.</summary>
    public double TokensPerSecond => _tokens.Rate * _share;

    /// <summary>True when a start waits for a lease and none was asked for.</summary>
    public bool WantsLease { get; private set; }

    private double Next => Math.Max(_requests.Next, _tokens.Next);

    /// <summary>How long the next start must wait; zero: it may go.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isTurn">False: something else holds it up, too, so that a lease would be wasted.</param>
    public TimeSpan Wait(TimeSpan now, bool isTurn)
    {
        var seconds = now.TotalSeconds;
        var wait = Math.Max(_requests.Wait(seconds), _tokens.Wait(seconds));
        WantsLease = false;
        if (isTurn && (_requests.IsUsedUp || _tokens.IsUsedUp))
        {
            if (_askedAt is null || seconds < _askedAt + Patience)
            {
                WantsLease = _askedAt is null;
                return TimeSpan.FromSeconds((_askedAt ?? seconds) + Patience - seconds);
            }

            _isAlone = true;
            var from = Next;
            Use(from, from + Settle().Span);
            wait = Math.Max(0, from - seconds);
        }

        return TimeSpan.FromSeconds(Math.Min(wait, 86_400));
    }

    /// <summary>What to ask the book for.</summary>
    public LeaseAsk Ask(TimeSpan now)
    {
        (WantsLease, _isAlone, _askedAt) = (false, false, now.TotalSeconds);
        var since = Math.Min(now.TotalSeconds, Next);
        var (owed, span) = Settle();
        return new LeaseAsk(TimeSpan.FromSeconds(since), TimeSpan.FromSeconds(owed), TimeSpan.FromSeconds(span));
    }

    /// <summary>The book answered.</summary>
    public void Lease(Lease lease)
    {
        var askedAt = _askedAt;
        _askedAt = null;
        if (_isAlone)
        {
            return; // Too late: others may have had that time by now.
        }

        var from = lease.From.TotalSeconds;
        var waits = from - Math.Max(askedAt ?? from, Next);
        var span = (lease.Until - lease.From).TotalSeconds;
        _share = waits > 0 ? span / (span + waits) : 1;
        Use(from, lease.Until.TotalSeconds);
    }

    /// <summary>A start waits for something else that is paced.</summary>
    public void KeepUp()
    {
        _requests.KeepUp();
        _tokens.KeepUp();
    }

    /// <summary>Takes the cost of a start.</summary>
    public void Take(double tokens)
    {
        _requests.Take(1);
        _tokens.Take(tokens);
    }

    /// <summary>Adds the tokens that a start used beyond its estimate; negative gives back.</summary>
    public void Correct(TimeSpan now, double tokens) => _tokens.Correct(now.TotalSeconds, tokens);

    /// <summary>What the lease that ends here leaves to settle, and how long the next should be.</summary>
    private (double Owed, double Span) Settle()
    {
        // Tokens that came back are worth a piece of time only as far as requests leave it.
        var credit = _requests.IsLimited ? Math.Min(_tokens.Credit, _requests.Unused) : _tokens.Credit;
        var settled = (Math.Max(_requests.Owed, _tokens.Owed) - credit, _requests.Whole(Math.Max(_requests.Span, _tokens.Span)));
        _requests.Settle();
        _tokens.Settle();
        return settled;
    }

    private void Use(double from, double until)
    {
        _requests.Lease(from, until);
        _tokens.Lease(from, until);
    }
}
