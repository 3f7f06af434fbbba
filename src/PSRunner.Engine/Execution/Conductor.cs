using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>
/// The thread that owns every decision of a session. It feeds the scheduler what others left in its mailbox, keeps its
/// deadlines, and does what it says. No test code runs on it and it waits for nothing but its mailbox, so neither a
/// blocked test nor a starved thread pool can stop time.
/// </summary>
/// <remarks>This file is the thread and its clock; <c>Conductor.Actions.cs</c> does what the scheduler says.</remarks>
internal sealed partial class Conductor
{
    /// <summary>Why a session ends that gets no thread or no memory from the system.</summary>
    public const string OutOfMemory = "The system gives no more threads or memory. End other programs or raise the limit (ulimit -u, pids.max, memory), then resume the batch.";

    // How often it looks around when nothing happens; also how finely a jump of the clock is noticed.
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Jump = TimeSpan.FromSeconds(5);

    private readonly Session _session;
    private readonly Scheduler _scheduler;
    private readonly AttemptRunner _runner;
    private readonly TimeProvider _time;
    private readonly Mailbox _mailbox = new();
    private readonly Queue<SchedulerEvent> _followUps = new();
    private readonly List<SchedulerAction> _actions = [];
    private readonly Thread _thread;
    private readonly long _origin;
    private readonly TaskCompletionSource<BatchEnd> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Starvation _starvation;
    private ConductorSnapshot _snapshot = new();
    private TimeSpan _published;
    private BatchEnd? _end;

    /// <param name="session">What the session consists of.</param>
    public Conductor(Session session)
    {
        _session = session;
        _time = session.Time;
        _origin = _time.GetTimestamp();
        _starvation = new Starvation(_time);
        _scheduler = new Scheduler(session.Plan, session.Limits, session.Recovered);
        _runner = new AttemptRunner(session.Cases, session.Executors, session.PassScore, _time, Post);
        _thread = new Thread(Run) { Name = "PSRunner conductor", IsBackground = true };
        Publish(Now()); // Who looks before the thread runs sees a batch that begins, not one without slots.
    }

    /// <summary>How the session ended. Never faults. Awaiting it needs a thread of the pool; <see cref="Join"/> does not.</summary>
    public Task<BatchEnd> Completion => _completion.Task;

    /// <summary>The last snapshot; at most half a second old while the session lives.</summary>
    public ConductorSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>After the end: what is left of the session's time to end in.</summary>
    public TimeSpan LeftToClose => _scheduler.LeftToClose;

    /// <summary>After the end: what was left of the session's time to run.</summary>
    public TimeSpan LeftToRun => _scheduler.LeftToRun;

    /// <summary>Begins the session.</summary>
    public void Start() => _thread.Start();

    /// <summary>Tells the conductor what happened or what is wanted; returns at once. Ignored after the end.</summary>
    public void Post(SchedulerEvent happened) => _mailbox.Post(happened);

    /// <summary>Waits for the end of the session without the thread pool.</summary>
    /// <returns>How it ended; null when the limit came first.</returns>
    public BatchEnd? Join(TimeSpan limit) => _thread.Join(limit) ? _end : null;

    private void Run()
    {
        try
        {
            Live();
        }
#pragma warning disable CA1031 // Crash-only: whatever goes wrong here ends the session as Stopped, with the reason; it can be resumed.
        catch (Exception e)
        {
            Fail(e);
        }
#pragma warning restore CA1031

        Publish(Now());
        _completion.SetResult(_end!);
    }

    private void Live()
    {
        List<SchedulerEvent> events = [];
        var seen = Now();

        // Who steers lanes has said already which may not begin yet.
        var early = _mailbox.Take([], TimeSpan.Zero);
        foreach (var steered in early.Where(IsOfALane))
        {
            Handle(steered, seen);
        }

        Handle(new SchedulerEvent.Begin(), seen);
        foreach (var other in early.Where(happened => !IsOfALane(happened)))
        {
            Handle(other, seen);
        }

        Publish(seen);
        while (_end is null)
        {
            var limit = (_scheduler.NextDeadline ?? TimeSpan.MaxValue) - seen;
            limit = limit < Beat ? limit : Beat;
            events = _mailbox.Take(events, limit);
            var due = seen + (limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
            seen = Now();
            _starvation.Woke(seen - due, seen);
            if (seen - due > Jump)
            {
                OnJump(due, seen);
            }

            foreach (var happened in events)
            {
                Handle(happened, seen);
            }

            events.Clear();
            if (_scheduler.NextDeadline <= seen)
            {
                Handle(SchedulerEvent.Tick.Instance, seen);
            }

            if (seen - _published >= Beat)
            {
                _starvation.Look(seen);
                Publish(seen);
            }
        }
    }

    private static bool IsOfALane(SchedulerEvent happened) => happened is SchedulerEvent.LaneAllowed or SchedulerEvent.LaneStopped or SchedulerEvent.CasesPostponed;

    // The machine slept or the process was stopped. What was done before that counts on the clock from before.
    private void OnJump(TimeSpan due, TimeSpan now)
    {
        foreach (var attempt in _attempts)
        {
            if (attempt is { Limits: not null })
            {
                Handle(LifeSigns(attempt), due);
            }
        }

        Handle(new SchedulerEvent.ClockJumped(now - due), now);
    }

    private void Handle(SchedulerEvent happened, TimeSpan now)
    {
        _followUps.Enqueue(happened);
        while (_end is null && _followUps.TryDequeue(out var next))
        {
            _actions.Clear();
            _scheduler.Handle(next, now, _actions);
            foreach (var action in _actions)
            {
                Do(action);
            }
        }
    }

    private void Publish(TimeSpan now)
    {
        _published = now;
        RunningAttempt? slowest = null;
        foreach (var attempt in _attempts)
        {
            if (attempt is { Limits: not null } && (slowest is null || attempt.DispatchedAt < slowest.DispatchedAt))
            {
                slowest = attempt;
            }
        }

        Volatile.Write(ref _snapshot, new ConductorSnapshot
        {
            State = _end?.State ?? _scheduler.State,
            Running = _scheduler.Running,
            Finished = _scheduler.Finished,
            Pending = _scheduler.Pending,
            Unsaved = _scheduler.Unsaved,
            Waiting = _scheduler.Waiting,
            Throttle = _scheduler.Throttle,
            Zombies = _scheduler.Zombies,
            Gate = _scheduler.ClosedGate,
            SlowestName = slowest is null ? "" : slowest.Context?.Case.Name ?? _session.Cases.IdOf(slowest.Index),
            SlowestAge = slowest is null ? TimeSpan.Zero : now - At(slowest.DispatchedAt),
        });
    }

    private void Fail(Exception e)
    {
        foreach (var attempt in _attempts)
        {
            if (attempt is not null)
            {
                Cancel(attempt);
            }
        }

        var why = e is OutOfMemoryException ? OutOfMemory : $"PSRunner itself failed: {e.GetType().Name}: {e.Message} Resume the batch.";
        _end = new BatchEnd(BatchStates.Stopped, $"{why} What was running is canceled and stays pending.");
        _session.Note(e.ToString());
    }

    private TimeSpan Now() => _time.GetElapsedTime(_origin);

    private TimeSpan At(long timestamp) => _time.GetElapsedTime(_origin, timestamp);
}
