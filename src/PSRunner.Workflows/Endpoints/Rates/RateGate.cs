using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// Where the requests of one endpoint key wait for their start: first come, first served, paced, bounded. One gate serves
/// all batches of the process. Safe from any thread.
/// </summary>
/// <remarks>
/// The time in here is the user's limit or the provider's, not the test's: the caller stops its request and stall clocks
/// while it awaits a permit, and <see cref="RatePermit.Waited"/> says how long that was.
/// </remarks>
internal sealed class RateGate : IDisposable
{
    /// <summary>Who is held for longer waits for more than a pace.</summary>
    private static readonly TimeSpan LongHold = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly KeyRates _rates;
    private readonly int _maxQueued;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly ITimer _timer;
    private readonly ITimer _leaser;
    private readonly LeaseBook? _book;
    private readonly LinkedList<Waiter> _queue = new();
    private Func<Exception>? _closed;
    private long _closedAt;

    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="book">Where the time of the key is leased; null: the key is nobody else's.</param>
    public RateGate(RateOptions options, TimeProvider time, LeaseBook? book = null)
    {
        _rates = new KeyRates(options, isLeased: book is not null);
        _book = book;
        _maxQueued = options.MaxQueued;
        _time = time;
        _origin = time.GetTimestamp();
        _timer = time.CreateTimer(static gate => ((RateGate)gate!).Pump(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _leaser = time.CreateTimer(static gate => ((RateGate)gate!).Lease(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    /// <summary>How many requests wait.</summary>
    public int Queued
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>
    /// How long a request that came now would wait behind the others: a lane lets in new cases while this is short, so
    /// that our own limit cannot use up the time of a test.
    /// </summary>
    public TimeSpan Backlog => Load.Backlog;

    /// <summary>The backlog, and the requests under way.</summary>
    public (TimeSpan Backlog, int InFlight) Load
    {
        get
        {
            lock (_lock)
            {
                var state = _rates.Snapshot(Now);
                return (state.HeldFor + TimeSpan.FromSeconds(_queue.Count / state.RequestsPerSecond), state.InFlight);
            }
        }
    }

    /// <summary>How long it has been closed; null: it is open.</summary>
    public TimeSpan? ClosedFor
    {
        get
        {
            lock (_lock)
            {
                return _closed is null ? null : _time.GetElapsedTime(_closedAt);
            }
        }
    }

    /// <summary>The limits as they are.</summary>
    public RateSnapshot Snapshot()
    {
        lock (_lock)
        {
            return _rates.Snapshot(Now);
        }
    }

    /// <summary>Waits for the right to send one request.</summary>
    /// <param name="tokens">The tokens it is expected to use.</param>
    /// <param name="cancellation">Gives the place in the queue up.</param>
    /// <param name="pace">A cap that the request's batch has beside the key's; null: none.</param>
    /// <returns>The permit; it must be told how the request ended, or disposed.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    /// <exception cref="ProviderException">More requests wait than the options allow.</exception>
    /// <exception cref="Exception">What <see cref="Close"/> was given.</exception>
    public async ValueTask<RatePermit> EnterAsync(double tokens, CancellationToken cancellation, Pace? pace = null)
    {
        cancellation.ThrowIfCancellationRequested();
        LinkedListNode<Waiter> place;
        lock (_lock)
        {
            ThrowIfClosed();
            if (_queue.Count == 0 && _rates.Wait(Now) == TimeSpan.Zero && (pace is null || pace.TryTake() == TimeSpan.Zero))
            {
                return new RatePermit(this, _rates.Start(Now, tokens), TimeSpan.Zero);
            }

            if (_queue.Count >= _maxQueued)
            {
                throw new ProviderException(Causes.RateWait, $"{_queue.Count} requests wait for a permit of this key already; more would only wait longer.");
            }

            place = _queue.AddLast(new Waiter(tokens, Now, pace));
        }

        Pump();
        await using var registration = cancellation.UnsafeRegister(_ => Leave(place, cancellation), null).ConfigureAwait(false);
        return await place.Value.Entered.Task.ConfigureAwait(false);
    }

    /// <summary>Nobody enters any more: the key is revoked or its quota used up.</summary>
    /// <param name="reason">Makes the exception for each that waits or comes later.</param>
    public void Close(Func<Exception> reason)
    {
        lock (_lock)
        {
            if (_closed is null)
            {
                (_closed, _closedAt) = (reason, _time.GetTimestamp());
            }

            foreach (var waiter in _queue)
            {
                waiter.Entered.TrySetException(_closed());
            }

            _queue.Clear();
        }
    }

    /// <summary>Lets requests in again after <see cref="Close"/>.</summary>
    public void Reopen()
    {
        lock (_lock)
        {
            _closed = null;
        }
    }

    /// <summary>The provider said how much is left of its limit.</summary>
    public void Observe(Headroom headroom) => Change(now => _rates.Observe(now, headroom));

    /// <summary>A batch's cap changed: its requests may wait less long than they were told.</summary>
    public void LookAgain() => Pump();

    /// <summary>Ends the waiting of all.</summary>
    public void Dispose()
    {
        Close(() => new ObjectDisposedException(nameof(RateGate)));
        _timer.Dispose();
        _leaser.Dispose();
    }

    internal void Answered(StartedRequest request, double? tokens) => Change(now => _rates.Answered(now, request, tokens));

    internal void Failed() => Change(_ => _rates.Failed());

    internal void Refused(StartedRequest request, TimeSpan? retryAfter, RefusalScope scope) =>
        Change(now => _rates.Refused(now, request, retryAfter, scope));

    private void Change(Action<TimeSpan> change)
    {
        lock (_lock)
        {
            change(Now);
        }

        Pump();
    }

    private void Pump()
    {
        if (LetIn())
        {
            _leaser.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Lets in whoever may enter now; true when a lease is wanted for the next.</summary>
    private bool LetIn()
    {
        lock (_lock)
        {
            while (_queue.First is not null)
            {
                var now = Now;
                var wait = _rates.Wait(now);
                var isHeld = wait > TimeSpan.Zero;
                var next = isHeld ? null : NextInPace(out wait);
                if (next is null)
                {
                    KeepUp(isHeld, wait);
                    _timer.Change(wait == KeyRates.UntilOneEnds ? Timeout.InfiniteTimeSpan : Ceiling(wait), Timeout.InfiniteTimeSpan);
                    return _rates.Set.WantsLease;
                }

                // The awaiting code runs elsewhere: the lock is ours while we complete it.
                _queue.Remove(next);
                var waiter = next.Value;
                waiter.Entered.TrySetResult(new RatePermit(this, _rates.Start(now, waiter.Tokens), now - waiter.Since));
            }

            return false;
        }
    }

    private void KeepUp(bool isHeld, TimeSpan wait)
    {
        if (!isHeld)
        {
            _rates.KeepUp();
        }
        else if (wait < LongHold)
        {
            _queue.First!.Value.Pace?.KeepUp();
        }
    }

    /// <summary>Asks the book, whose file may be slow: never under the lock.</summary>
    private void Lease()
    {
        LeaseAsk ask;
        lock (_lock)
        {
            if (!_rates.Set.WantsLease)
            {
                return;
            }

            ask = _rates.Set.Ask(Now);
        }

        var lease = _book!.Lease(ask, _origin);
        lock (_lock)
        {
            _rates.Set.Lease(lease);
        }

        Pump();
    }

    /// <summary>The first waiter whose batch may send now: one batch's cap must not hold up another batch.</summary>
    private LinkedListNode<Waiter>? NextInPace(out TimeSpan wait)
    {
        wait = TimeSpan.MaxValue;
        Pace? tried = null;
        for (var place = _queue.First; place is not null; place = place.Next)
        {
            var pace = place.Value.Pace;
            if (pace is null)
            {
                return place;
            }

            if (pace == tried)
            {
                continue;
            }

            var held = pace.TryTake();
            if (held == TimeSpan.Zero)
            {
                return place;
            }

            tried = pace;
            wait = held < wait ? held : wait;
        }

        return null;
    }

    private void Leave(LinkedListNode<Waiter> place, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (place.List is not null)
            {
                _queue.Remove(place);
                place.Value.Entered.TrySetCanceled(cancellation);
            }
        }

        // The one behind may cost less and so be ready to go.
        Pump();
    }

    private void ThrowIfClosed()
    {
        if (_closed is { } reason)
        {
            throw reason();
        }
    }

    /// <summary>Timers count whole milliseconds; one that fires early would only be set again.</summary>
    private static TimeSpan Ceiling(TimeSpan wait) => TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    private sealed record Waiter(double Tokens, TimeSpan Since, Pace? Pace)
    {
        public TaskCompletionSource<RatePermit> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
