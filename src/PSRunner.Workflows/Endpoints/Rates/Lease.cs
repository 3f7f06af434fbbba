namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// What a gate asks of the book of its key: a piece of the key's time, in which it alone may start requests, at the rates
/// that the user set.
/// </summary>
/// <param name="Since">Since when a start waits; the lease does not begin before that.</param>
/// <param name="Owed">What was used beyond the last lease; negative: what was left of it.</param>
/// <param name="Span">How much is wanted.</param>
internal readonly record struct LeaseAsk(TimeSpan Since, TimeSpan Owed, TimeSpan Span)
{
    /// <summary>The longest lease. A holder that crashed, or has nothing to send, keeps the key from others for as long.</summary>
    public const double Seconds = 0.5;
}

/// <summary>A piece of a key's time.</summary>
/// <param name="From">Its beginning; the past: late timers are caught up.</param>
/// <param name="Until">Its end.</param>
internal readonly record struct Lease(TimeSpan From, TimeSpan Until)
{
    /// <summary>Nobody can have taken more: what lies further is a mistake.</summary>
    private static readonly TimeSpan Furthest = TimeSpan.FromMinutes(10);

    /// <summary>At a slow rate a lease of one start is long, and this many processes may each have one.</summary>
    private const int MostHolders = 100;

    /// <summary>The next lease, behind all others.</summary>
    /// <param name="given">Until when the time of the key is given away: all that its users share.</param>
    /// <param name="ask">What is asked for.</param>
    /// <param name="now">The time, on a clock that all processes of the machine share.</param>
    public static Lease Next(TimeSpan given, LeaseAsk ask, TimeSpan now)
    {
        var free = given + ask.Owed;
        var furthest = now + (MostHolders * ask.Span > Furthest ? MostHolders * ask.Span : Furthest);
        free = free < furthest ? free : furthest;
        var least = now - TimeSpan.FromSeconds(SetSchedule.CatchUpSeconds);
        var from = free > ask.Since ? free : ask.Since;
        from = from > least ? from : least;
        return new Lease(from, from + ask.Span);
    }
}
