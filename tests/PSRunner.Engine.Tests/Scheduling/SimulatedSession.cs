using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>One session of a batch in virtual time: a world of tests, disk, reader and user around a scheduler.</summary>
/// <remarks>
/// Two clocks: <c>_time</c> is the session's own, on which the world lives; the scheduler sees <c>_time + _jumps</c>.
/// </remarks>
internal sealed class SimulatedSession
{
    private static readonly string[] CausesOfTests =
    [
        Causes.None, Causes.None, Causes.None, Causes.None, Causes.WrongAnswer, Causes.Exception, Causes.NoReply, Causes.Throttled,
        Causes.ServerError, Causes.Stall, Causes.WorkerCrash, Causes.NotStarted, Causes.Lost, Causes.NotApplicable, Causes.Connection,
    ];

    private readonly Random _random;
    private readonly SimulatedPlan _plan;
    private readonly SimulatedJournal _journal;
    private readonly BatchLimits _limits;
    private readonly bool _calm;
    private readonly Sabotage _sabotage;
    private readonly SimulationChecks _checks;
    private readonly Scheduler _scheduler;
    private readonly PriorityQueue<Action, (TimeSpan, long)> _world = new();
    private readonly Queue<SchedulerEvent> _inbox = new();
    private readonly List<SchedulerAction> _actions = [];
    private readonly Dictionary<AttemptToken, SimulatedAttempt> _attempts = [];
    private TimeSpan _time;
    private TimeSpan _jumps;
    private long _order;
    private bool _killed;
    private bool _writing;
    private bool _diskBroken;
    private int _readerHolds;
    private int _unread;
    private bool _readerPaused;
    private string? _end;

    public SimulatedSession(
        Random random, SimulatedPlan plan, SimulatedJournal journal, BatchLimits limits, bool calm, Sabotage sabotage)
    {
        _random = random;
        _plan = plan;
        _journal = journal;
        _limits = limits;
        _calm = calm;
        _sabotage = sabotage;
        var recovered = journal.Recover(plan);
        var credits = calm ? Credits.Usual : new Credits(random.Next(1, 30), random.Next(1, 30));
        _checks = new SimulationChecks(plan, limits, recovered, credits);
        var told = sabotage switch
        {
            Sabotage.FinishedForgotten => new RecoveredState { Open = recovered.Open, CrashedAlone = recovered.CrashedAlone },
            Sabotage.AttemptsForgotten => new RecoveredState { Finished = recovered.Finished, Open = [.. recovered.Open.Select(o => o with { Attempts = 0 })], CrashedAlone = recovered.CrashedAlone },
            Sabotage.SuspectsForgotten => new RecoveredState { Finished = recovered.Finished, Open = [.. recovered.Open.Select(o => o with { Suspect = false })], CrashedAlone = recovered.CrashedAlone },
            _ => recovered,
        };
        var spoiled = sabotage switch
        {
            Sabotage.ThrottleOneTooHigh => limits with { Throttle = limits.Throttle + 1 },
            Sabotage.LaneLimitNotKept => limits with { Lanes = limits.Lanes.ToDictionary(l => l.Key, l => l.Value + 1) },
            Sabotage.GraceTooLong => limits with { Grace = limits.Grace + TimeSpan.FromSeconds(5) },
            Sabotage.TestLimitTooLong => limits with { Test = 2 * limits.Test, Stall = 2 * limits.Stall },
            Sabotage.BatchLimitTooLong => limits with { Batch = 2 * limits.Batch },
            Sabotage.OneRetryTooMany => limits with { RetryCount = limits.RetryCount + 1 },
            _ => limits,
        };
        _scheduler = new Scheduler(plan, spoiled, told, credits);
    }

    /// <summary>Lives through the session.</summary>
    /// <returns>The state in which it ended; null: the host died.</returns>
    public string? Run()
    {
        if (!_calm)
        {
            PlanTroubles();
        }

        Tell(new SchedulerEvent.Begin());
        for (var steps = 0; _end is null && !_killed; steps++)
        {
            if (steps > 100_000)
            {
                throw new InvariantBroken("the session does not end");
            }

            Step();
        }

        if (_end is null)
        {
            _journal.Crash(_random);
        }
        else if (_diskBroken)
        {
            // What a broken disk did not take is gone with the process; the session could not be closed in the journal.
            _journal.Crash(_random);
        }
        else
        {
            _journal.Close();
        }

        return _end;
    }

    private void Step()
    {
        var deadline = _scheduler.NextDeadline - _jumps;
        var hasWorld = _world.TryPeek(out _, out var next);
        if (_sabotage == Sabotage.DeadlinesNotKept && deadline is not null && _random.Next(3) == 0)
        {
            deadline = deadline.Value + TimeSpan.FromSeconds(30);
        }

        if (deadline is { } at && (!hasWorld || at < next.Item1))
        {
            // The conductor wakes a little late at times, but before anything else happens.
            var late = TimeSpan.FromMilliseconds(_random.Next(4) == 0 ? _random.Next(300) : 0);
            var wake = (at > _time ? at : _time) + late;
            _time = hasWorld && wake > next.Item1 ? next.Item1 : wake;
            Tell(SchedulerEvent.Tick.Instance);
            if (_end is null && _scheduler.NextDeadline - _jumps <= _time)
            {
                throw new InvariantBroken("a deadline that was due is still due after a tick: the conductor would spin");
            }
        }
        else if (hasWorld)
        {
            _time = next.Item1;
            _world.Dequeue()();
        }
        else
        {
            throw new InvariantBroken("nothing will ever happen and the session has not ended");
        }
    }

    private void Tell(SchedulerEvent happened)
    {
        _inbox.Enqueue(happened);
        while (_inbox.TryDequeue(out var e) && _end is null)
        {
            _checks.Heard(e, _time);
            var deaf = (_sabotage, e) switch
            {
                (Sabotage.SuspensionNotHeard, SchedulerEvent.Suspend) => true,
                (Sabotage.GateNotHeard, SchedulerEvent.GateMoved { Closed: true }) => true,
                (Sabotage.ClockJumpNotHeard, SchedulerEvent.ClockJumped) => true,
                (Sabotage.AllowanceNotHeard, SchedulerEvent.LaneAllowed { Attempts: < int.MaxValue }) => true,
                (Sabotage.LaneStopNotHeard, SchedulerEvent.LaneStopped) => true,
                _ => false,
            };
            _actions.Clear();
            if (!deaf)
            {
                _scheduler.Handle(e, _time + _jumps, _actions);
            }

            foreach (var action in Spoil(_actions).ToArray())
            {
                Do(action);
            }

            _checks.Consistent(_scheduler, _attempts.Values.Count(a => !_checks.IsOver(a)), _time);
        }
    }

    private IEnumerable<SchedulerAction> Spoil(List<SchedulerAction> actions) => _sabotage switch
    {
        Sabotage.FinishTwice => actions.SelectMany(a => a is SchedulerAction.Finish && _random.Next(10) == 0 ? [a, a] : new[] { a }),
        Sabotage.FinishLost => actions.Where(a => a is not SchedulerAction.Finish || _random.Next(10) > 0),
        _ => actions,
    };

    private void Do(SchedulerAction action)
    {
        switch (action)
        {
            case SchedulerAction.Start start:
                _checks.Started(start, _time);
                _attempts.Add(start.Token, new SimulatedAttempt(start));
                Write(new SimulatedLine(Line.Started, start.Index, start.Attempt, Token: start.Token));
                if (start.MustBeWritten && _sabotage == Sabotage.WrittenTooEarly)
                {
                    _inbox.Enqueue(new SchedulerEvent.StartWritten(start.Token));
                }

                break;
            case SchedulerAction.Dispatch dispatch:
                var attempt = _attempts[dispatch.Token];
                attempt.Limits = _plan.Timeouts[attempt.Index] is { } own ? _limits.ForAttempt(own) : _limits.ForAttempt();
                attempt.DispatchedAt = attempt.LastProgress = _time;
                attempt.LastProgressOnClock = _time + _jumps;
                _checks.Dispatched(attempt);
                WaitForThread(attempt);
                break;
            case SchedulerAction.AskProgress ask:
                _inbox.Enqueue(LifeSigns(_attempts[ask.Token]));
                break;
            case SchedulerAction.Cancel cancel:
                _attempts[cancel.Token].CanceledAt = _time;
                _attempts[cancel.Token].Evicted = cancel.AtOnce;
                _checks.Canceled(_attempts[cancel.Token]);
                ReactToCancel(_attempts[cancel.Token]);
                break;
            case SchedulerAction.Finish finish:
                _journal.Abandoned += finish.Abandoned ? 1 : 0;
                _checks.Finished(_attempts[finish.Token], finish, _time);
                Write(new SimulatedLine(Line.Result, _attempts[finish.Token].Index, _attempts[finish.Token].Start.Attempt, finish.Cause));
                break;
            case SchedulerAction.FinishCrashed crashed:
                _checks.FinishedCrashed(crashed);
                Write(new SimulatedLine(Line.Result, crashed.Index, crashed.Attempt, Causes.HostCrash));
                break;
            case SchedulerAction.EndAttempt ended:
                var tried = _attempts[ended.Token];
                _checks.AttemptEnded(tried, ended, _scheduler.State, _time);
                Write(new SimulatedLine(Line.AttemptEnded, tried.Index, tried.Start.Attempt, ended.Cause, ended.Retries, ended.Crashes));
                break;
            case SchedulerAction.End end:
                _end = end.State;
                _checks.Ended(end, _time);
                break;
        }
    }

    private void Later(TimeSpan wait, Action happens) => _world.Enqueue(happens, (_time + wait, _order++));

    private TimeSpan Between(double from, double to) => TimeSpan.FromSeconds(from + ((to - from) * _random.NextDouble()));

    // Who waits for the right to send is not idle: its clock of idle time stands still.
    private SchedulerEvent.Progress LifeSigns(SimulatedAttempt attempt)
    {
        if (attempt.WaitsForRate && attempt.CanceledAt is null)
        {
            (attempt.LastProgress, attempt.LastProgressOnClock) = (_time, _time + _jumps);
        }

        return new SchedulerEvent.Progress(
            attempt.Token,
            attempt.BegunOnClock,
            _sabotage == Sabotage.ProgressNotHeard ? attempt.DispatchedAt + _jumps : attempt.LastProgressOnClock,
            attempt.WaitsForRate && _sabotage != Sabotage.RateWaitNotHeard);
    }

    // The pool is starved at times.
    private void WaitForThread(SimulatedAttempt attempt) =>
        Later(!_calm && _random.Next(20) == 0 ? Between(0, 1500) : TimeSpan.Zero, () =>
        {
            if (!attempt.Returned)
            {
                attempt.BegunAt = attempt.LastProgress = _time;
                attempt.BegunOnClock = attempt.LastProgressOnClock = _time + _jumps;
                Live(attempt);
            }
        });

    private void Live(SimulatedAttempt attempt)
    {
        switch (_calm ? Habit.Ends : _plan.Habits[attempt.Index])
        {
            case Habit.Ends:
                var cause = _calm ? Causes.None : _random.Next(400) == 0 ? Causes.Quota : CausesOfTests[_random.Next(CausesOfTests.Length)];
                var retryAfter = _random.Next(5) == 0 ? Between(0, 400) : (TimeSpan?)null;
                Later(_random.Next(30) == 0 ? Between(0, 900) : Between(0, 20), () => Return(attempt, cause, retryAfter));
                break;
            case Habit.Drips:
                Drip(attempt);
                break;
            case Habit.KillsHost:
                Later(Between(0, 5), () => _killed = !attempt.Returned);
                break;
            case Habit.Hangs:
                attempt.WaitsForRate = _plan.Judges[attempt.Index];
                break;
            default:
                break;
        }
    }

    private void Drip(SimulatedAttempt attempt)
    {
        if (!attempt.Returned && attempt.CanceledAt is null)
        {
            attempt.LastProgress = _time;
            attempt.LastProgressOnClock = _time + _jumps;
            Later(_random.Next(40) == 0 ? Between(0, 500) : Between(5, 60), () => Drip(attempt));
        }
    }

    private void ReactToCancel(SimulatedAttempt attempt)
    {
        if (attempt.BegunAt is null)
        {
            attempt.Returned = true;
            attempt.Reported = Causes.NotStarted;
            _inbox.Enqueue(new SchedulerEvent.Ended(attempt.Token, Causes.NotStarted));
            return;
        }

        var wait = !_calm && _plan.Habits[attempt.Index] == Habit.Ignores
            ? _random.Next(2) == 0 ? Between(10, 2000) : (TimeSpan?)null
            : Between(0, _limits.Grace.TotalSeconds * (!_calm && _random.Next(10) == 0 ? 2 : 0.9));
        if (wait is { } soon)
        {
            Later(soon, () => Return(attempt, CausesOfTests[_random.Next(CausesOfTests.Length)], null));
        }
    }

    private void Return(SimulatedAttempt attempt, string cause, TimeSpan? retryAfter)
    {
        if (attempt.Returned)
        {
            return;
        }

        attempt.Returned = true;
        attempt.Reported = cause;
        attempt.RetryAfter = retryAfter;
        var token = attempt.Token;
        if (_sabotage == Sabotage.LateResultBelieved && _checks.IsOver(attempt)
            && _attempts.Values.FirstOrDefault(a => a.Token.Slot == token.Slot && !_checks.IsOver(a)) is { } heir)
        {
            token = heir.Token;
        }

        Tell(new SchedulerEvent.Ended(token, cause, retryAfter));
    }

    private void Write(SimulatedLine line)
    {
        _journal.Lines.Add(line);
        if (!_writing)
        {
            _writing = true;
            Later(TimeSpan.Zero, WriteGroup);
        }
    }

    private void WriteGroup()
    {
        if (_diskBroken)
        {
            Later(TimeSpan.FromSeconds(1), WriteGroup);
            return;
        }

        var from = _journal.Written;
        var to = _journal.Written = _journal.Lines.Count;
        foreach (var start in _journal.Lines[from..to].Where(l => l.Kind == Line.Started))
        {
            _attempts[start.Token].Written = true;
            if (_attempts[start.Token].Start.MustBeWritten)
            {
                Tell(new SchedulerEvent.StartWritten(start.Token));
            }
        }

        Later(Between(0, 0.02), () => Flush(to));
    }

    private void Flush(int to)
    {
        if (_diskBroken)
        {
            Later(TimeSpan.FromSeconds(1), () => Flush(to));
            return;
        }

        var from = _journal.Durable;
        _journal.Durable = to;
        var told = _sabotage == Sabotage.DurableTooEarly ? _journal.Lines.Count : to;
        var results = _journal.Lines[from..to].Where(l => l.Kind == Line.Result).ToArray();
        var count = _journal.Lines[from..told].Count(l => l.Kind == Line.Result);
        _checks.Durable(results);
        if (count > 0)
        {
            Tell(new SchedulerEvent.ResultsDurable(count));
            _unread += results.Length;
            Read();
        }

        _writing = _journal.Written < _journal.Lines.Count;
        if (_writing)
        {
            Later(TimeSpan.Zero, WriteGroup);
        }
    }

    private void Read()
    {
        if (_readerPaused || _readerHolds > 0 || _unread == 0)
        {
            return;
        }

        _readerHolds = _random.Next(1, _unread + 1);
        Later(Between(0, 0.5), () =>
        {
            var count = _readerHolds;
            _unread -= count;
            _readerHolds = 0;
            Tell(new SchedulerEvent.ResultsConsumed(count));
            Read();
        });
    }

    private void PlanTroubles()
    {
        var horizon = _random.Next(3) == 0 ? 20_000 : 400;
        for (var left = _random.Next(6); left > 0; left--)
        {
            Later(Between(0, horizon), Trouble);
        }
    }

    private void Trouble()
    {
        var length = _random.Next(20) == 0 ? Between(0, 100_000) : Between(0, 600);
        switch (_random.Next(13))
        {
            case 0:
                _killed = true;
                break;
            case 1:
                Tell(new SchedulerEvent.EndRequested(BatchStates.Stopped, "asked", Force: _random.Next(3) == 0));
                break;
            case 2:
                Tell(new SchedulerEvent.Suspend());
                Later(length, () => Tell(new SchedulerEvent.Resume()));
                break;
            case 3:
                Tell(new SchedulerEvent.ThrottleSet(_random.Next(1, 9)));
                break;
            case 4:
                var gap = Between(5, 50_000);
                foreach (var attempt in _attempts.Values.Where(a => !_checks.IsOver(a) && a.Limits is not null).ToArray())
                {
                    Tell(LifeSigns(attempt));
                }

                _jumps += gap;
                Tell(new SchedulerEvent.ClockJumped(gap));
                break;
            case 5:
                _diskBroken = true;
                Tell(new SchedulerEvent.GateMoved(Gate.Disk, true));
                Later(length, () =>
                {
                    _diskBroken = false;
                    Tell(new SchedulerEvent.GateMoved(Gate.Disk, false));
                });
                break;
            case 6:
                var lane = _random.Next(_plan.LaneCount);
                Tell(new SchedulerEvent.GateMoved(Gate.Rate, true, lane));
                Later(length, () => Tell(new SchedulerEvent.GateMoved(Gate.Rate, false, lane)));
                break;
            case 8:
                for (var asked = _random.Next(1, 8); asked > 0; asked--)
                {
                    Later(Between(0, 20), () => Tell(new SchedulerEvent.MemoryShort(_random.Next(1, 5))));
                }

                break;
            case 9:
                Tell(new SchedulerEvent.LaneStopped(_random.Next(_plan.LaneCount), "refused"));
                break;
            case 10 or 11:
                var steered = _random.Next(_plan.LaneCount);
                Tell(new SchedulerEvent.LaneAllowed(steered, _random.Next(3)));
                Later(length / 2, () => Tell(new SchedulerEvent.LaneAllowed(steered, _random.Next(1, 5))));
                Later(length, () => Tell(new SchedulerEvent.LaneAllowed(steered, int.MaxValue)));
                break;
            case 7:
                _readerPaused = true;
                Later(length, () =>
                {
                    _readerPaused = false;
                    Read();
                });
                break;
            default:
                Tell(new SchedulerEvent.GateMoved(Gate.Memory, true));
                Later(length, () => Tell(new SchedulerEvent.GateMoved(Gate.Memory, false)));
                break;
        }
    }
}
