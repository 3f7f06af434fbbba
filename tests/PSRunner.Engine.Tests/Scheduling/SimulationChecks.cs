using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>
/// The invariants of the engine as an outsider sees them: from what was said to the scheduler and what it wanted done,
/// with its own books and its own reading of the table of causes.
/// </summary>
internal sealed class SimulationChecks
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);
    private static readonly string[] Once = [Causes.NotStarted, Causes.Lost];
    private static readonly string[] Stopping = [Causes.Auth, Causes.Quota];
    private static readonly string[] UpToCount =
        [Causes.NoReply, Causes.RateWait, Causes.Throttled, Causes.ServerError, Causes.Connection, Causes.EmptyReply, Causes.GarbageReply];

    private readonly SimulatedPlan _plan;
    private readonly BatchLimits _limits;
    private readonly Credits _credits;
    private readonly Book[] _books;
    private readonly HashSet<AttemptToken> _over = [];
    private readonly Dictionary<AttemptToken, SimulatedAttempt> _live = [];
    private readonly bool[] _stopped;
    private readonly (string? Cause, int Count)[] _streaks;
    private readonly Dictionary<int, int> _laneGates = [];
    private readonly Dictionary<int, int> _allowed = [];
    private readonly Dictionary<Gate, bool> _gates = [];
    private int _throttle;
    private int _running;
    private int _ended;
    private int _durable;
    private int _read;
    private int _failures;
    private int _abandoned;
    private int _zombies;
    private bool _asked;
    private bool _forced;
    private TimeSpan? _suspendedAt;
    private TimeSpan _suspended;
    private TimeSpan _lastEnd;
    private bool _over24;

    public SimulationChecks(SimulatedPlan plan, BatchLimits limits, RecoveredState recovered, Credits credits)
    {
        _plan = plan;
        _limits = limits;
        _credits = credits;
        _throttle = limits.Throttle;
        _stopped = new bool[plan.LaneCount];
        _streaks = new (string?, int)[plan.LaneCount];
        _books = new Book[plan.Count];
        for (var i = 0; i < plan.Count; i++)
        {
            _books[i].Result = recovered.Finished![i];
            _books[i].Durable = recovered.Finished[i];
        }

        foreach (var open in recovered.Open.Concat(recovered.CrashedAlone))
        {
            _books[open.Index] = new Book
            {
                Attempts = open.Attempts, Retries = open.Retries, Crashes = open.Crashes, Suspect = open.Suspect,
            };
        }

        foreach (var alone in recovered.CrashedAlone)
        {
            _books[alone.Index].CrashedAlone = true;
        }
    }

    public bool IsOver(SimulatedAttempt attempt) => _over.Contains(attempt.Token);

    public void Heard(SchedulerEvent e, TimeSpan time)
    {
        switch (e)
        {
            case SchedulerEvent.ThrottleSet set: _throttle = set.Limit; break;
            case SchedulerEvent.EndRequested end: _asked = true; _forced |= end.Force; break;
            case SchedulerEvent.Ended ended when _over.Contains(ended.Token): _zombies--; break;
            case SchedulerEvent.ResultsConsumed consumed: _read += consumed.Count; break;
            case SchedulerEvent.GateMoved { Lane: >= 0 } moved: _laneGates[moved.Lane] = moved.Closed ? 1 : 0; break;
            case SchedulerEvent.GateMoved moved: _gates[moved.Gate] = moved.Closed; break;
            case SchedulerEvent.LaneAllowed allowed: _allowed[allowed.Lane] = allowed.Attempts; break;
            case SchedulerEvent.LaneStopped stopped: _stopped[stopped.Lane] = true; break;
            case SchedulerEvent.Suspend: _suspendedAt ??= time; break;
            case SchedulerEvent.Resume when _suspendedAt is { } since:
                _suspended += time - since;
                _suspendedAt = null;
                _lastEnd = time;
                break;
            default: break;
        }
    }

    public void Started(SchedulerAction.Start start, TimeSpan time)
    {
        ref var book = ref _books[start.Index];
        Hold(!book.Result, $"case {start.Index} has a result and is started");
        Hold(!book.Running, $"case {start.Index} runs and is started");
        Hold(!book.CrashedAlone, $"case {start.Index} took the host down alone and is started");
        Hold(_running < _throttle, $"{_running} run and another is started, the throttle is {_throttle}");
        var lane = _plan.LaneName(_plan.Lanes[start.Index]);
        var beside = _books.Where((b, i) => b.Running && _plan.Lanes[i] == _plan.Lanes[start.Index]).Count();
        Hold(beside < _limits.Lanes.GetValueOrDefault(lane, int.MaxValue), $"{beside} of {lane} run and another is started");
        Hold(beside < _allowed.GetValueOrDefault(_plan.Lanes[start.Index], int.MaxValue), $"{beside} of {lane} run and another is started, more than its steward allows");
        Hold(_suspendedAt is null, "started while suspended");
        Hold(!_asked, "started after the end was asked for");
        Hold(_gates.Values.All(closed => !closed), "started at a closed gate");
        Hold(_laneGates.GetValueOrDefault(_plan.Lanes[start.Index]) == 0, "started in a closed lane");
        Hold(!_stopped[_plan.Lanes[start.Index]], "started in a stopped lane");
        Hold(_ended - _durable < _credits.Journal, "started without a journal credit");
        Hold(_durable - _read < _credits.Consumer, "started although the reader is behind");
        Hold(start.Attempt == book.Attempts + 1, $"attempt {start.Attempt} of case {start.Index} follows {book.Attempts}");
        Hold(start.Try == book.Retries + 1, $"try {start.Try} of case {start.Index} follows {book.Retries} retries");
        Hold(time >= book.DueAt, $"case {start.Index} did not wait before its next try");
        Hold(start.MustBeWritten == _plan.InProcess[start.Index], "a start that must be written is not awaited");
        if (book.Suspect)
        {
            Hold(_running == 0 && _zombies == 0, $"suspect {start.Index} is started beside {_running} others and {_zombies} abandoned ones");
            for (var i = 0; i < _books.Length; i++)
            {
                Hold(_books[i].Result || _books[i].Suspect || _stopped[_plan.Lanes[i]], $"suspect {start.Index} is started before case {i}");
            }
        }

        Hold(_live.Values.All(a => !_books[a.Index].Suspect), "started beside a suspect");
        book.Attempts++;
        book.Running = true;
        _running++;
    }

    public void Dispatched(SimulatedAttempt attempt)
    {
        Hold(!attempt.Start.MustBeWritten || attempt.Written, $"case {attempt.Index} may crash the host and runs before its start is written");
        Hold(!_over.Contains(attempt.Token), "an attempt that ended is dispatched");
        _live.Add(attempt.Token, attempt);
    }

    /// <summary>Who makes room is the youngest that would free any.</summary>
    public void Canceled(SimulatedAttempt attempt) => Hold(
        !attempt.Evicted || (HasProcesses(attempt) && !_live.Values.Any(a => HasProcesses(a) && a.CanceledAt is null && a.Token.Generation > attempt.Token.Generation)),
        $"case {attempt.Index} makes room and is not the youngest that would free any");

    public void Finished(SimulatedAttempt attempt, SchedulerAction.Finish finish, TimeSpan time)
    {
        ref var book = ref _books[attempt.Index];
        Hold(!book.Result, $"case {attempt.Index} gets a second result");
        Concluded(attempt, finish.Cause, finish.ReachedLimit, finish.Abandoned, time);
        Hold(!MayRetry(attempt.Index, finish.Cause), $"case {attempt.Index} ended with '{finish.Cause}' after {book.Retries} retries and had one left");
        book.Result = true;
        CountEnd(attempt.Index, finish.Cause);
    }

    public void FinishedCrashed(SchedulerAction.FinishCrashed crashed)
    {
        Hold(_books[crashed.Index].CrashedAlone && !_books[crashed.Index].Result, $"case {crashed.Index} is blamed for a crash without proof");
        _books[crashed.Index].Result = true;
        CountEnd(crashed.Index, Causes.HostCrash);
    }

    public void AttemptEnded(SimulatedAttempt attempt, SchedulerAction.EndAttempt ended, string state, TimeSpan time)
    {
        ref var book = ref _books[attempt.Index];
        Concluded(attempt, ended.Cause, ended.ReachedLimit, ended.Abandoned, time);
        if (ended.Cause is null)
        {
            if (state is BatchStates.Running or BatchStates.Suspended)
            {
                Hold(attempt.Evicted, "an attempt is canceled although the batch goes on");
                Hold(++book.Evictions <= 3, $"case {attempt.Index} made room for the fourth time");
                book.DueAt = time + (ended.RetryIn ?? TimeSpan.Zero);
            }

            return;
        }

        Hold(MayRetry(attempt.Index, ended.Cause), $"case {attempt.Index} ended with '{ended.Cause}' after {book.Retries} retries and is tried again");
        book.Retries++;
        book.Crashes += ended.Cause == Causes.WorkerCrash ? 1 : 0;
        Hold((book.Retries, book.Crashes) == (ended.Retries, ended.Crashes), "retries or crashes are miscounted");
        if (ended.RetryIn is { } wait)
        {
            var asked = attempt.RetryAfter is { } after && !ended.ReachedLimit ? TimeSpan.FromSeconds(Math.Min(after.TotalSeconds, 300)) : TimeSpan.Zero;
            Hold(wait >= asked && wait >= TimeSpan.FromSeconds(0.5) && wait <= TimeSpan.FromMinutes(5), $"waits {wait} before the next try, asked were {asked}");
            book.DueAt = time + wait;
        }
    }

    public void Durable(SimulatedLine[] results)
    {
        foreach (var result in results)
        {
            Hold(!_books[result.Index].Durable, $"case {result.Index} has two results in the journal");
            _books[result.Index].Durable = true;
            _durable++;
        }
    }

    /// <summary>planned = finished + running + pending, and nothing is overdue.</summary>
    public void Consistent(Scheduler scheduler, int running, TimeSpan time)
    {
        var finished = _books.Count(b => b.Durable);
        var pending = _books.Count(b => !b.Durable && !b.Running);
        Hold(scheduler.Finished == finished, $"{scheduler.Finished} finished, {finished} are durable");
        Hold(scheduler.Running == running && running == _running, $"{scheduler.Running} running, {running} run");
        Hold(scheduler.Pending == pending, $"{scheduler.Pending} pending, {pending} wait");
        foreach (var attempt in _live.Values)
        {
            Hold(time <= (attempt.BegunAt ?? attempt.DispatchedAt) + attempt.Limits!.Test + _limits.Grace + Slack, $"case {attempt.Index} runs beyond limit, grace and a second");
        }

        var elapsed = time - _suspended - (_suspendedAt is { } since ? time - since : TimeSpan.Zero);
        Hold(elapsed <= _limits.Batch + _limits.Grace + _limits.Shutdown + Slack, "the session lives beyond deadline, grace and shutdown");
        _over24 |= _suspendedAt is { } at && time - at >= TimeSpan.FromHours(24);
        Hold(_suspendedAt is not { } from || time - from <= TimeSpan.FromHours(24) + _limits.Grace + _limits.Shutdown + Slack, "suspended for ever");
    }

    public void Ended(SchedulerAction.End end, TimeSpan time)
    {
        Hold(_live.Count == 0 && _running == 0, $"the session ends and {_running} attempts run");
        Hold((end.State == BatchStates.Completed) == _books.All(b => b.Durable), $"ended {end.State} with {_books.Count(b => !b.Durable)} cases left");
        Hold((end.State == BatchStates.Completed) == (end.Message.Length == 0), "an early end says why");
        var elapsed = time - _suspended;
        var window = TimeSpan.FromSeconds(Math.Max(900, 2 * _limits.LongestTest.TotalSeconds));
        Hold(end.State switch
        {
            BatchStates.Completed => true,
            BatchStates.DeadlineReached => elapsed >= _limits.Batch,
            BatchStates.Stalled => time - _lastEnd >= window || elapsed >= window,
            BatchStates.Stopped => _asked || _over24 || time - _suspendedAt >= TimeSpan.FromHours(24) || _abandoned >= 4 || (_abandoned > 0 && _books.Any(b => b.Suspect)) || _failures >= _limits.MaxFailures || _stopped.Contains(true),
            _ => false,
        }, $"ended {end.State} without a reason: {end.Message}");
    }

    private bool HasProcesses(SimulatedAttempt attempt) => !_plan.InProcess[attempt.Index] && !_plan.Judges[attempt.Index];

    private static void Hold(bool truth, string otherwise)
    {
        if (!truth)
        {
            throw new InvariantBroken(otherwise);
        }
    }

    private void Concluded(SimulatedAttempt attempt, string? cause, bool reached, bool abandoned, TimeSpan time)
    {
        Hold(_over.Add(attempt.Token), $"an attempt of case {attempt.Index} ends twice");
        _live.Remove(attempt.Token);
        _books[attempt.Index].Running = false;
        _running--;
        _lastEnd = time;
        _abandoned += abandoned ? 1 : 0;
        _zombies += abandoned ? 1 : 0;
        Hold(abandoned != attempt.Returned || attempt.Limits is null, "abandoned and returned are one");
        Hold(!abandoned || _forced || time >= attempt.CanceledAt + _limits.Grace, "abandoned before its grace was over");
        if (reached)
        {
            var canceled = attempt.CanceledAt!.Value;
            Hold(cause switch
            {
                Causes.TestTimeout => !attempt.WaitsForRate && canceled >= attempt.BegunAt + attempt.Limits!.Test,
                Causes.RateWait => attempt.WaitsForRate && canceled >= attempt.BegunAt + attempt.Limits!.Test,
                Causes.Stall => attempt.BegunAt is not null && canceled >= attempt.LastProgress + attempt.Limits!.Stall,
                Causes.MemoryLimit => attempt.Evicted && _books[attempt.Index].Evictions == 3,
                Causes.NotStarted => attempt.BegunAt is null && canceled >= attempt.DispatchedAt + attempt.Limits!.Test,
                _ => false,
            }, $"case {attempt.Index} ended by '{cause}' before that limit");
        }
        else if (cause is not null)
        {
            Hold(attempt.CanceledAt is null && cause == attempt.Reported, $"case {attempt.Index} ended with '{cause}' and said '{attempt.Reported}'");
        }
    }

    private bool MayRetry(int index, string cause)
    {
        var book = _books[index];
        var count = _plan.RetryCounts[index] ?? _limits.RetryCount;
        return cause == Causes.WorkerCrash ? book.Crashes == 0
            : Once.Contains(cause) ? book.Retries < 1
            : (UpToCount.Contains(cause) || (cause == Causes.Stall && _plan.Judges[index])) && book.Retries < count;
    }

    private void CountEnd(int index, string cause)
    {
        _ended++;
        _failures += cause is Causes.None or Causes.NotApplicable ? 0 : 1;
        var lane = _plan.Lanes[index];
        var counts = UpToCount.Concat(Once).Concat(Stopping).Contains(cause) && cause is not (Causes.NoReply or Causes.RateWait);
        _streaks[lane] = !counts ? (null, 0) : _streaks[lane].Cause == cause ? (cause, _streaks[lane].Count + 1) : (cause, 1);
        _stopped[lane] |= Stopping.Contains(cause) || _streaks[lane].Count >= 20;
    }

    private struct Book
    {
        public int Attempts;
        public int Retries;
        public int Crashes;
        public int Evictions;
        public bool Suspect;
        public bool CrashedAlone;
        public bool Running;
        public bool Result;
        public bool Durable;
        public TimeSpan DueAt;
    }
}
