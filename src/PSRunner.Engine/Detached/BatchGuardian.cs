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

    /// <param name="runFolder">The batch.</param>
    /// <param name="start">Starts a process that works on it; gets true when an earlier one did so.</param>
    /// <param name="stillLimit">How long the status may stand still. It is written four times a second, whatever tests do.</param>
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
    /// <returns>False when it died too often.</returns>
    public bool Run()
    {
        var begun = false;
        while (true)
        {
            Tell(_info);
            using var process = _start(begun);
            Tell(_info with { Child = process.Id });
            var pulse = Pulse();
            var how = Watch(process, pulse);
            begun |= Pulse() != pulse;
            if (how is null || IsOver(process.Id))
            {
                Leave();
                return true;
            }

            _log($"Process {process.Id} of the batch {how}.");
            if (_info.Restarts == MostRestarts)
            {
                Tell(_info with { Message = string.Create(CultureInfo.InvariantCulture, $"Its process {process.Id} {how}, after {MostRestarts} restarts: its guardian gave up. {DetachedStart.LogName} in its run folder may say why.") });
                return false;
            }

            _info = _info with
            {
                Restarts = _info.Restarts + 1,
                Message = string.Create(CultureInfo.InvariantCulture, $"Its process {process.Id} {how}; its guardian started it again ({_info.Restarts + 1} of at most {MostRestarts})."),
            };
            Tell(_info);
            if (_stopping.Wait(PauseBeforeRestart))
            {
                Leave();
                return true;
            }
        }
    }

    /// <summary>Has the batch end in order, and the guardian with it; returns at once. From any thread.</summary>
    public void Stop()
    {
        _stopping.Set();
        ControlFolder.Send(_folder.ControlFolder, new ControlCommand { Id = Guid.NewGuid().ToString("N"), Command = "stop" }, _time.GetUtcNow());
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    // Null when it ended; else how it died.
    private string? Watch(IGuardedProcess process, long pulse)
    {
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
                (pulse, movedAt) = (beat, now);
            }
            else if (_time.GetElapsedTime(movedAt, now) >= _stillLimit)
            {
                return process.Kill(KillLimit)
                    ? string.Create(CultureInfo.InvariantCulture, $"did not move for {_stillLimit.TotalSeconds:0.#} s and was killed")
                    : throw new TestBatchException("BatchProcessUnkillable", ErrorKind.Busy, $"Process {process.Id} of batch '{_folder.Id}' stands still and cannot be killed.", _folder.Id);
            }
        }

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
                _ => StatusDocument.TryRead(_folder.StatusFile)?.Progress.State is not (null or BatchStates.Running or BatchStates.Suspended),
            };
        }
        catch (IOException)
        {
            return !Directory.Exists(_folder.FullPath);
        }
    }

    // The batch may have been removed, with all its folder.
    private void Leave()
    {
        if (Directory.Exists(_folder.FullPath))
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

    /// <summary>Waits for its end at most this long; false when it still lives.</summary>
    bool WaitForEnd(TimeSpan limit);

    /// <summary>Kills it and waits for its end at most this long; false when it still lives.</summary>
    bool Kill(TimeSpan limit);
}
