using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>
/// Where all threads leave events for the conductor. Waiting uses a monitor with a time limit, not the thread pool: tests
/// may have blocked every thread of the pool. Bounded by what runs: each attempt, record and command leaves one event.
/// </summary>
internal sealed class Mailbox
{
    private readonly object _lock = new();
    private List<SchedulerEvent> _events = [];
    private bool _waiting;

    /// <summary>Leaves an event; returns at once.</summary>
    public void Post(SchedulerEvent happened)
    {
        lock (_lock)
        {
            _events.Add(happened);
            if (_waiting)
            {
                Monitor.Pulse(_lock);
            }
        }
    }

    /// <summary>Takes all events, waiting for the first at most this long.</summary>
    /// <param name="empty">An empty list; it is exchanged for the one with the events.</param>
    /// <param name="limit">How long to wait; none when 0 or less.</param>
    /// <returns>The events in the order in which they were left; may be empty.</returns>
    public List<SchedulerEvent> Take(List<SchedulerEvent> empty, TimeSpan limit)
    {
        lock (_lock)
        {
            if (_events.Count == 0 && limit > TimeSpan.Zero)
            {
                _waiting = true;
                Monitor.Wait(_lock, limit);
                _waiting = false;
            }

            (_events, var taken) = (empty, _events);
            return taken;
        }
    }
}
