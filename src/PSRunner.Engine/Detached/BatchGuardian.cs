using System.Globalization;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Detached;

/// <summary>
/// Sees that a detached batch goes on: when its process dies, or its status stops moving, that process is killed for sure
/// and another one resumes the batch, at most three times. Runs in a process that does nothing else.
/// </summary>
public sealed class BatchGuardian : IDisposable
{
    /// <summary>How often a batch is started again; who dies more often than that dies of itself.</summary>
    public const int MostRestarts = 3;

    // Before its first status it reads what earlier sessions left: of millions of results, on a slow disk, that takes its time.
    private const int StartPatience = 5;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PauseBeforeRestart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(30);

    private readonly RunFolder _folder;
    private readonly Func<bool, IGuardedProcess> _start;
    private readonly TimeSpan _stillLimit;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly ManualResetEventSlim _stopping = new();
    private GuardianInfo _info;
    private bool _cannotBeKilled;
    private bool _exitedWell;

    /// <param name="runFolder">The batch.</param>
    /// <param name="start">Starts a process that works on it; gets true when an earlier one did so.</param>
    /// <param name="stillLimit">How long the status may stand still once it has moved. It is written four times a second, whatever tests do.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Hears what happens.</param>
    public BatchGuardian(string runFolder, Func<bool, IGuardedProcess> start, TimeSpan stillLimit, TimeProvider time, Action<string> log)
    {
        _folder = new RunFolder(runFolder);
        _start = start;
        _stillLimit = stillLimit;
        _time = time;
        _log = log;
        _info = new GuardianInfo(OwnerInfo.Current(_folder, session: 0), 0, 0, "");
    }

    /// <summary>Guards until the batch has ended, another process has taken it over, or it died too often.</summary>
    /// <returns>False when it died too often, or cannot be killed.</returns>
    public bool Run()
    {
        var begun = false;
        while (true)
        {
            Tell(_info);
            var pulse = Pulse();
            var how = GuardOne(begun, out var process);
            begun |= Pulse() != pulse;
            if (how is null || IsOver(process))
            {
                Leave();
                return true;
            }

            var name = process == 0 ? "Its process" : string.Create(CultureInfo.InvariantCulture, $"Its process {process}");
            _log($"{name} {how}.");
            if (_info.Restarts == MostRestarts || _cannotBeKilled)
            {
                var after = _info.Restarts == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", after {_info.Restarts} restarts");
                Tell(_info with { GaveUp = true, Message = string.Create(CultureInfo.InvariantCulture, $"{name} {how}{after}: its guardian gave up. {DetachedStart.LogName} in its run folder may say why.") });
                return false;
            }

            _info = _info with
            {
                Restarts = _info.Restarts + 1,
                Message = string.Create(CultureInfo.InvariantCulture, $"{name} {how}; its guardian started it again ({_info.Restarts + 1} of at most {MostRestarts})."),
            };
            Tell(_info);
            if (_stopping.Wait(PauseBeforeRestart))
            {
                Leave();
                return true;
            }
        }
    }

    // One life of the batch's process. Null when it ended; else how it died.
    private string? GuardOne(bool begun, out int id)
    {
        id = 0;
        _exitedWell = false;
        try
        {
            using var process = _start(begun);
            id = process.Id;
            Tell(_info with { Child = id });
            return Watch(process);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"could not be started: {e.Message}"; // A machine without memory or processes to spare may have them in a moment.
        }
    }

    /// <summary>Has the batch end in order, and the guardian with it; returns at once. From any thread.</summary>
    public void Stop()
    {
        _stopping.Set();
        try
        {
            ControlFolder.Send(_folder.ControlFolder, new ControlCommand { Id = Guid.NewGuid().ToString("N"), Command = "stop" }, _time.GetUtcNow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log($"The batch could not be asked to end: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private string? Watch(IGuardedProcess process)
    {
        var pulse = Pulse();
        var limit = StartPatience * _stillLimit;
        var movedAt = _time.GetTimestamp();
        var lookedAt = movedAt;
        while (!process.WaitForEnd(LookEvery))
        {
            // Where this process itself was held up (the machine slept), the batch was too: that time is nobody's fault.
            var now = _time.GetTimestamp();
            var late = _time.GetElapsedTime(lookedAt, now) > 10 * LookEvery;
            lookedAt = now;
            if (Pulse() is var beat && (beat != pulse || late))
            {
                limit = beat != pulse ? _stillLimit : limit;
                (pulse, movedAt) = (beat, now);
            }
            else if (_time.GetElapsedTime(movedAt, now) >= limit)
            {
                _cannotBeKilled = !process.Kill(KillLimit);
                return string.Create(CultureInfo.InvariantCulture, $"did not move for {limit.TotalSeconds:0.#} s and {(_cannotBeKilled ? "cannot be" : "was")} killed");
            }
        }

        _exitedWell = process.ExitedWell;
        return _stopping.IsSet ? null : "died: " + process.HowItEnded;
    }

    // The time of the file, not what it holds: it moves also where a full disk takes no new content.
    private long Pulse() => File.GetLastWriteTimeUtc(_folder.StatusFile).Ticks;

    private bool IsOver(int child)
    {
        try
        {
            var owner = OwnerInfo.Read(DiskFiles.Instance, _folder);
            return owner?.Judge(_folder) switch
            {
                OwnerState.Alive => owner.ProcessId != child, // Somebody else went on with it.
                OwnerState.Elsewhere => true,
                null when _exitedWell => true, // It gave the folder up: also where a full disk took no last status.
                _ => StatusDocument.TryRead(_folder.StatusFile)?.Progress.State is not (null or BatchStates.Running or BatchStates.Suspended),
            };
        }
        catch (IOException)
        {
            return !Directory.Exists(_folder.FullPath);
        }
    }

    // The batch may have been removed, with all its folder; and a guardian whose process came second leaves the first one's word.
    private void Leave()
    {
        if (GuardianInfo.TryRead(_folder)?.Process.ProcessId == Environment.ProcessId)
        {
            File.Delete(_folder.GuardianFile);
        }
    }

    private void Tell(GuardianInfo info)
    {
        _info = info;
        try
        {
            info.Write(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log($"guardian.json could not be written: {e.Message}");
        }
    }
}

/// <summary>A process that works on a guarded batch.</summary>
public interface IGuardedProcess : IDisposable
{
    /// <summary>Its id.</summary>
    int Id { get; }

    /// <summary>How it ended, in words.</summary>
    string HowItEnded { get; }

    /// <summary>True when it ended by itself, with exit code 0.</summary>
    bool ExitedWell { get; }

    /// <summary>Waits for its end at most this long; false when it still lives.</summary>
    bool WaitForEnd(TimeSpan limit);

    /// <summary>Kills it and waits for its end at most this long; false when it still lives.</summary>
    bool Kill(TimeSpan limit);
}
