using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// All that decides whether a request of one key may start: the user's rates, what was learned of the provider's, the cap
/// on requests in flight, and the time for which the provider asked to be left alone. Pure: the caller brings the clock,
/// whose times never go back, and the lock.
/// </summary>
internal sealed class KeyRates
{
    /// <summary>The answer of <see cref="Wait"/> when only the end of a request can help.</summary>
    public static readonly TimeSpan UntilOneEnds = TimeSpan.MaxValue;

    /// <summary>A provider is asked again at least this often, whatever it said.</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(60);

    /// <summary>The share of random time added to a hold, so that not all clients come back at once.</summary>
    private const double Jitter = 0.1;

    /// <summary>Lets a request of a thousand tokens through in under a minute, however little was learned.</summary>
    private const double LeastTokensPerSecond = 20;

    private readonly SetRates _set;
    private readonly RateOptions _options;
    private readonly CubicRate _requests;
    private readonly CubicRate _tokens;
    private readonly ConcurrencyCap _cap;
    private readonly SeededRandom _random;
    private TimeSpan _holdUntil;
    private TimeSpan _episode = TimeSpan.MinValue;
    private int _refusalsInARow;
    private long _started;
    private long _refused;
    private long _cuts;

    /// <param name="options">What the user allows.</param>
    /// <param name="isLeased">True: others may use the key, and its time is leased from a book.</param>
    public KeyRates(RateOptions options, bool isLeased = false)
    {
        options.Validate();
        _options = options;
        _set = new SetRates(options, isLeased);

        // A rate that the user set is a good guess of what the provider allows. Tokens begin without a limit: while the
        // rate of requests is being learned it holds them, too.
        var open = options.Cubic with { Initial = double.PositiveInfinity };
        _requests = new CubicRate(options.IsFixed ? open : options.Cubic with { Initial = options.RequestsPerSecond ?? options.Cubic.Initial });
        _tokens = new CubicRate(open with { Minimum = LeastTokensPerSecond });
        _cap = new ConcurrencyCap(options.MaxInFlight);
        _random = new SeededRandom("rates/" + options.Seed);
    }

    /// <summary>Requests under way.</summary>
    public int InFlight { get; private set; }

    /// <summary>The rates that the user set, and their leases.</summary>
    public SetRates Set => _set;

    /// <summary>How long the next request must wait; zero: it may start. Asking says that one waits.</summary>
    public TimeSpan Wait(TimeSpan now)
    {
        var wait = Longer(Longer(_holdUntil - now, TimeSpan.Zero), Longer(_requests.Wait(now), _tokens.Wait(now)));
        var isFull = !_cap.Allows(now, InFlight);
        var set = _set.Wait(now, isTurn: wait == TimeSpan.Zero && !isFull);
        if (isFull)
        {
            return UntilOneEnds;
        }

        // Pacers in a row each see only the waits of their own: without this each would lose what another's timer was late.
        if (_holdUntil <= now && Longer(wait, set) > TimeSpan.Zero)
        {
            KeepUp();
        }

        return Longer(wait, set);
    }

    /// <summary>The next start waits for something else that is paced.</summary>
    public void KeepUp()
    {
        _requests.KeepUp();
        _tokens.KeepUp();
        _set.KeepUp();
    }

    /// <summary>A request starts; <see cref="Wait"/> has just allowed it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="tokens">The tokens it is expected to use.</param>
    public StartedRequest Start(TimeSpan now, double tokens)
    {
        _set.Take(tokens);
        _requests.Start(now, 1);
        _tokens.Start(now, tokens);
        InFlight++;
        _started++;
        return new StartedRequest(now, tokens);
    }

    /// <summary>A request was answered.</summary>
    /// <param name="now">The time.</param>
    /// <param name="request">The request.</param>
    /// <param name="tokens">The tokens it used; null when the provider did not say.</param>
    public void Answered(TimeSpan now, StartedRequest request, double? tokens)
    {
        InFlight--;
        _refusalsInARow = 0;
        if (tokens is { } used)
        {
            _set.Correct(now, used - request.Tokens);
            _tokens.Correct(now, used - request.Tokens);
        }
    }

    /// <summary>A request ended without an answer for another reason than load: that says nothing about rates.</summary>
    public void Failed() => InFlight--;

    /// <summary>The provider turned a request away for load.</summary>
    /// <param name="now">The time.</param>
    /// <param name="request">The request.</param>
    /// <param name="retryAfter">How long it asked to wait; null when it did not say.</param>
    /// <param name="scope">What it counted.</param>
    public void Refused(TimeSpan now, StartedRequest request, TimeSpan? retryAfter, RefusalScope scope)
    {
        InFlight--;
        _refused++;
        _requests.Refused(request.StartedAt, 1);
        _tokens.Refused(request.StartedAt, request.Tokens);
        var isNewEpisode = request.StartedAt > _episode;
        if (isNewEpisode)
        {
            _episode = now;
            _refusalsInARow++;
        }

        _holdUntil = Longer(_holdUntil, now + Hold(retryAfter));
        if (isNewEpisode && !_options.IsFixed)
        {
            _cuts++;
            if (scope != RefusalScope.Unknown || !_cap.Refused(now, InFlight, _requests.LetIn(now)))
            {
                Cut(now, scope);
            }
        }

        _requests.HoldUntil(_holdUntil);
        _tokens.HoldUntil(_holdUntil);
    }

    /// <summary>The provider said how much is left in its window.</summary>
    /// <param name="now">The time.</param>
    /// <param name="headroom">What it said.</param>
    public void Observe(TimeSpan now, Headroom headroom)
    {
        if (!_options.IsFixed)
        {
            (headroom.Scope == RefusalScope.Tokens ? _tokens : _requests).Observe(now, headroom.Remaining, headroom.ResetIn);
        }
    }

    /// <summary>The limits as they are.</summary>
    public RateSnapshot Snapshot(TimeSpan now) => new(
        Math.Min(_set.RequestsPerSecond, _requests.Rate),
        Math.Min(_set.TokensPerSecond, _tokens.Rate),
        _cap.Limit,
        InFlight,
        Longer(_holdUntil - now, TimeSpan.Zero),
        _started,
        _refused,
        _cuts);

    private void Cut(TimeSpan now, RefusalScope scope)
    {
        if (scope != RefusalScope.Tokens)
        {
            _requests.Cut(now);
        }

        if (scope != RefusalScope.Requests)
        {
            _tokens.Cut(now);
        }
    }

    private TimeSpan Hold(TimeSpan? retryAfter)
    {
        var asked = retryAfter ?? TimeSpan.FromSeconds(Math.Pow(2, Math.Min(_refusalsInARow, 6) - 1));
        var seconds = Math.Clamp(asked.TotalSeconds, 0, LongestHold.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (1 + (Jitter * _random.NextDouble())));
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

/// <summary>A request under way.</summary>
/// <param name="StartedAt">When it started.</param>
/// <param name="Tokens">What was charged for it.</param>
internal readonly record struct StartedRequest(TimeSpan StartedAt, double Tokens);

/// <summary>What a provider says is left of its limit.</summary>
/// <param name="Scope">What it counts.</param>
/// <param name="Remaining">How many.</param>
/// <param name="ResetIn">Until when.</param>
internal sealed record Headroom(RefusalScope Scope, double Remaining, TimeSpan ResetIn);
