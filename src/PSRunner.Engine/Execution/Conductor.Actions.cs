using System.Globalization;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>Does what the scheduler says.</summary>
internal sealed partial class Conductor
{
    private static readonly AttemptReport NothingSaid = new();

    // By slot.
    private readonly List<RunningAttempt?> _attempts = [];

    private void Do(SchedulerAction action)
    {
        switch (action)
        {
            case SchedulerAction.Start start: Begin(start); break;
            case SchedulerAction.Dispatch dispatch: _attempts[dispatch.Token.Slot]!.Dispatch(dispatch.Limits); break;
            case SchedulerAction.AskProgress ask: _followUps.Enqueue(LifeSigns(_attempts[ask.Token.Slot]!)); break;
            case SchedulerAction.Cancel cancel: Cancel(_attempts[cancel.Token.Slot]!, cancel.AtOnce); break;
            case SchedulerAction.Finish finish: Finish(finish); break;
            case SchedulerAction.FinishCrashed crashed: FinishCrashed(crashed); break;
            case SchedulerAction.EndAttempt ended: EndAttempt(ended); break;
            case SchedulerAction.Note note: _session.Note(note.Text); break;
            case SchedulerAction.StateChanged: Publish(Now()); break;
            case SchedulerAction.End end: _end = new BatchEnd(end.State, end.Message); break;
            default: throw new InvalidOperationException($"{action.GetType().Name} is no action of the conductor.");
        }
    }

    private void Begin(SchedulerAction.Start start)
    {
        var attempt = new RunningAttempt(_runner, start.Token, start.Index, start.Attempt, start.Try);
        while (_attempts.Count <= start.Token.Slot)
        {
            _attempts.Add(null);
        }

        _attempts[start.Token.Slot] = attempt;
        _session.Journal.Started(start.Token, start.Index, start.Attempt, start.MustBeWritten);
    }

    // While this process was held up nobody could work, or be seen to: the stall window begins anew.
    private SchedulerEvent.Progress LifeSigns(RunningAttempt attempt) =>
        new(attempt.Token, attempt.BegunAt is { } begun ? At(begun) : null, Later(At(attempt.LastProgress), _starvation.HeldUntil), attempt.Context?.WaitsForRate ?? false);

    // What a test hangs onto its cancellation runs on the pool, never here; what it throws is noted.
    private void Cancel(RunningAttempt attempt, bool atOnce = false)
    {
        if (attempt.Context is { } context)
        {
            context.EndsAtOnce = atOnce;
        }

        if (attempt.TryWithdraw())
        {
            _followUps.Enqueue(new SchedulerEvent.Ended(attempt.Token, Causes.NotStarted));
            return;
        }

        _ = CancelAsync(attempt);

        async Task CancelAsync(RunningAttempt canceled)
        {
            try
            {
                await canceled.Cancellation.CancelAsync().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Code of a test; its attempt ends by its grace all the same.
            catch (Exception e)
            {
                _session.Note($"The cancellation of '{NameOf(canceled)}' threw {e.GetType().Name}: {e.Message}");
            }
#pragma warning restore CA1031
        }
    }

    private void Finish(SchedulerAction.Finish finish)
    {
        var attempt = Take(finish.Token);
        var testCase = attempt.Context?.Case ?? CaseOf(attempt.Index);
        var report = (finish.Abandoned ? null : attempt.Report) ?? NothingSaid;
        report = report.Artifacts.Count == 0 || IsKept(finish.Cause) ? report : report with { Artifacts = [.. report.Artifacts.Where(a => a.Always)] };
        var ended = new EndedCase(
            testCase, attempt.Context?.CaseId ?? _session.Cases.IdOf(attempt.Index), attempt.Index, _session.Plan.JudgesModel(attempt.Index),
            attempt.Number, attempt.StartedAt, SecondsOf(attempt, finish.Abandoned));
        var message = MessageOf(attempt, finish.Cause, finish.ReachedLimit, finish.Abandoned);
        _session.Journal.Ended(_session.Results.Make(ended, finish.Cause, message, report), report.Artifacts);
    }

    private void FinishCrashed(SchedulerAction.FinishCrashed crashed)
    {
        var ended = new EndedCase(
            CaseOf(crashed.Index), _session.Cases.IdOf(crashed.Index), crashed.Index, _session.Plan.JudgesModel(crashed.Index),
            crashed.Attempt, _time.GetUtcNow().UtcDateTime, double.NaN);
        var result = _session.Results.Make(
            ended, Causes.HostCrash, $"The process of the batch died while only this test ran in it (attempt {crashed.Attempt}), and had died under it before.", NothingSaid);
        _session.Journal.Ended(result, []);
    }

    // For the few cases that no thread of the pool took up. A result must not be lost because the plan cannot be read.
    private TestCase CaseOf(int index)
    {
        try
        {
            return _session.Cases.Load(index);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TestBatchException)
        {
            return new TestCase("unknown", _session.Cases.IdOf(index));
        }
    }

    private void EndAttempt(SchedulerAction.EndAttempt ended)
    {
        var attempt = Take(ended.Token);
        if (ended.Cause is not { } cause)
        {
            _session.Journal.Canceled(attempt.Index, attempt.Number);
            return;
        }

        _session.Journal.AttemptEnded(
            attempt.Index, attempt.Number, cause, MessageOf(attempt, cause, ended.ReachedLimit, ended.Abandoned), SecondsOf(attempt, ended.Abandoned));
    }

    private RunningAttempt Take(AttemptToken token)
    {
        var attempt = _attempts[token.Slot]!;
        _attempts[token.Slot] = null;
        return attempt;
    }

    private bool IsKept(string cause) => _session.KeepArtifact switch
    {
        ArtifactRule.All => true,
        ArtifactRule.Failed => cause != Causes.None,
        _ => false,
    };

    private double SecondsOf(RunningAttempt attempt, bool abandoned) =>
        _time.GetElapsedTime(attempt.ClockStartedAt, abandoned ? _time.GetTimestamp() : attempt.EndedAt).TotalSeconds;

    private string NameOf(RunningAttempt attempt) => attempt.Context?.Case.Name ?? _session.Cases.IdOf(attempt.Index);

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private string MessageOf(RunningAttempt attempt, string cause, bool reachedLimit, bool abandoned)
    {
        if (!reachedLimit)
        {
            return attempt.Report?.Message ?? "";
        }

        if (cause == Causes.NotStarted)
        {
            return string.Create(CultureInfo.InvariantCulture, $"no thread was free within {attempt.Limits!.Test.TotalSeconds:0.###} s: other tests block them");
        }

        if (cause == Causes.MemoryLimit)
        {
            return string.Create(CultureInfo.InvariantCulture, $"memory ran short while it ran, {Scheduler.MostEvictions + 1} times; last activity: {attempt.LastActivity}");
        }

        var (what, limit) = cause == Causes.Stall ? ("no progress", attempt.Limits!.Stall) : ("no end", attempt.Limits!.Test);
        var message = string.Create(CultureInfo.InvariantCulture, $"{what} within {limit.TotalSeconds:0.###} s; last activity: {attempt.LastActivity}");
        return string.Concat(
            message,
            abandoned ? "; it ignored its cancellation and was abandoned" : "",
            _starvation.DescribeSince(At(attempt.ClockStartedAt)));
    }
}
