namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// Deals out the time of one key: to all gates of this process, and through a file to the other processes of the user.
/// Safe from any thread; may block for as long as <see cref="LeaseFile"/> may.
/// </summary>
/// <remarks>
/// Where the file cannot be used, for whatever reason, the book is kept in memory and the file tried again after ten
/// seconds: the set rate then holds for each process by itself. That is safe because nothing waits for a file, and
/// because a provider that is asked too much says so and is heard.
/// </remarks>
/// <param name="file">The file; null: no other process is looked for.</param>
/// <param name="time">The clock of the file and of the gates.</param>
internal sealed class LeaseBook(LeaseFile? file, TimeProvider time)
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private TimeSpan _given;
    private TimeSpan _tryAt;

    /// <summary>Why the rates are not shared with other processes now; null: they are.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Gives the next piece of the key's time.</summary>
    /// <param name="ask">What is wanted, in the time of the gate.</param>
    /// <param name="origin">The timestamp at which the gate's time began.</param>
    /// <returns>The lease, in the time of the gate.</returns>
    public Lease Lease(LeaseAsk ask, long origin)
    {
        var began = time.GetElapsedTime(0, origin);
        ask = ask with { Since = ask.Since + began };
        lock (_lock)
        {
            var lease = Next(ask);
            _given = lease.Until;
            return new Lease(lease.From - began, lease.Until - began);
        }
    }

    private Lease Next(LeaseAsk ask)
    {
        var now = time.GetElapsedTime(0);
        if (file is null || now < _tryAt)
        {
            return Rates.Lease.Next(_given, ask, now);
        }

        try
        {
            var lease = file.Change((given, at) => Rates.Lease.Next(given, ask, at));
            Trouble = null;
            return lease;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            (_tryAt, Trouble) = (now + TryAgainAfter, e.Message);
            return Rates.Lease.Next(_given, ask, now);
        }
    }
}
