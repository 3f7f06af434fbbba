using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine;

/// <summary>What the attendant asks of a session: commands from other shells, and what is due by the clock.</summary>
public sealed partial class BatchSession
{
    /// <inheritdoc/>
    void IAttended.Obey(ControlCommand command)
    {
        SchedulerEvent? happened = command.Command switch
        {
            "stop" => new SchedulerEvent.EndRequested(BatchStates.Stopped, "It was stopped from another shell.", command.Force),
            "suspend" => new SchedulerEvent.Suspend(),
            "resume" => new SchedulerEvent.Resume(),
            "set" when command.ThrottleLimit is > 0 and <= 10_000 and var limit => new SchedulerEvent.ThrottleSet(limit),
            _ => null,
        };
        if (command is { Command: "set", RequestsPerSecond: > 0 and var rate })
        {
            // Where nothing sends requests the rate stays unset, and who asked sees that.
            if (_steering.Count > 0)
            {
                _steering.ForEach(steering => steering.SetRequestsPerSecond(rate));
                Volatile.Write(ref _requestsPerSecond, rate);
            }
        }
        else if (happened is null)
        {
            Note($"The command '{command.Command}' from another shell is not understood.");
        }

        if (happened is SchedulerEvent.EndRequested request)
        {
            RequestEnd(request);
        }
        else if (happened is not null)
        {
            _conductor.Post(happened);
        }
    }

    /// <inheritdoc/>
    void IAttended.Beat()
    {
        foreach (var happened in _memory.Look(MemoryReading.Now(_facts.MemoryKiB * 1024), _conductor.Snapshot.Running))
        {
            _conductor.Post(happened);
        }

        _steering.ForEach(steering => steering.Beat());
        if (_checkpointEvery is { } every && _time.GetElapsedTime(_lastCheckpoint) >= every)
        {
            _lastCheckpoint = _time.GetTimestamp();
            _journal.Checkpoint();
        }
    }

    /// <inheritdoc/>
    void IAttended.Note(string text) => Note(text);
}
