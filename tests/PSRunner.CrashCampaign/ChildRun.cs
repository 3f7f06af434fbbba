using System.Diagnostics;

namespace PSRunner.CrashCampaign;

/// <summary>One child process from its start to its end, by itself or by SIGKILL.</summary>
internal sealed class ChildRun : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Ledger _ledger;
    private readonly Action<string> _violate;
    private readonly string _root;
    private readonly Thread _reader;
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile int _killAfterSeen = int.MaxValue;
    private volatile string? _awaitedWord;
    private int _seen;

    /// <param name="program">What is run, and its arguments.</param>
    /// <param name="root">The folder of the batch.</param>
    /// <param name="ledger">Hears of each result that the child shows.</param>
    /// <param name="violate">Hears of what a child must not do.</param>
    public ChildRun(IReadOnlyList<string> program, string root, Ledger ledger, Action<string> violate)
    {
        _root = root;
        _ledger = ledger;
        _violate = violate;
        var start = new ProcessStartInfo(program[0], program.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["XDG_STATE_HOME"] = Path.Combine(root, "state");
        start.Environment["NO_COLOR"] = "1";
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _reader = new Thread(Read) { IsBackground = true };
    }

    /// <summary>Cases that were pending when the session began; null when it did not get so far.</summary>
    public int? ToRun { get; private set; }

    /// <summary>The state in which the batch ended; null when it was killed.</summary>
    public string? State { get; private set; }

    /// <summary>All that the child said of the end.</summary>
    public string Message { get; private set; } = "";

    /// <summary>True when it was killed, be it in its last moment, after it had said how the batch ended.</summary>
    public bool WasKilled { get; private set; }

    /// <summary>The code with which the process ended.</summary>
    public int ExitCode { get; private set; }

    /// <summary>Lets the child live until a moment of this kind comes and kills it.</summary>
    /// <returns>False when it ended before.</returns>
    public bool KillAt(Moment moment, Random chance)
    {
        _killAfterSeen = moment == Moment.Seeing ? chance.Next(1, 200) : int.MaxValue;
        _awaitedWord = moment switch
        {
            Moment.Opening or Moment.Resuming or Moment.Changing or Moment.Repairing or Moment.Saving => Child.Begins,
            Moment.Running => Child.Opened,
            _ => null,
        };
        var skip = chance.Next(6);
        var delay = TimeSpan.FromMilliseconds(moment switch
        {
            Moment.Opening or Moment.Resuming or Moment.Changing or Moment.Repairing => chance.Next(250),
            Moment.Running => chance.Next(700),
            Moment.Saving => chance.NextDouble() * 300,
            _ => chance.NextDouble() * 4 * chance.Next(2),
        });
        using var watcher = Watch(moment, skip);
        _reader.Start();
        _reached.Task.Wait(Limit);
        if (delay > TimeSpan.Zero)
        {
            _process.WaitForExit(delay);
        }

        if (_process.HasExited)
        {
            return false;
        }

        _process.Kill();
        WasKilled = true;
        return true;
    }

    /// <summary>Waits until the process is gone and all it printed is in the ledger.</summary>
    public void WaitForEnd()
    {
        if (_reader.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted))
        {
            _reader.Start();
        }

        if (!_process.WaitForExit(Limit))
        {
            _violate("a session did not end");
            _process.Kill();
            _process.WaitForExit(Limit);
        }

        ExitCode = _process.ExitCode;
        if (!_reader.Join(Limit))
        {
            _violate("what a child printed could not be read to its end");
        }
        else if (_process.StandardError.ReadToEnd() is { Length: > 0 } error)
        {
            _violate("a child said: " + error);
        }
    }

    public void Dispose()
    {
        // Whatever ends the campaign, it leaves nothing running.
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Read()
    {
        try
        {
            while (_process.StandardOutput.ReadLine() is { } line)
            {
                Hear(line);
            }
        }
        catch (Exception e)
        {
            _violate($"what a child printed could not be read: {e}");
        }

        _reached.TrySetResult(); // It ended by itself.
    }

    private void Hear(string line)
    {
        var word = line.Split(' ')[0];
        switch (word)
        {
            case Child.Saw:
                _ledger.See(line);
                if (++_seen >= _killAfterSeen)
                {
                    _reached.TrySetResult();
                }

                break;
            case Child.Opened:
                ToRun = int.Parse(line.Split(' ')[1]);
                break;
            case Child.Ended:
                State = line.Split(' ')[1];
                Message = line;
                break;
        }

        if (word == _awaitedWord)
        {
            _reached.TrySetResult();
        }
    }

    /// <summary>Sees the files of the store come and go, and lets some of them pass.</summary>
    private FileSystemWatcher? Watch(Moment moment, int skip)
    {
        if (moment is not (Moment.Sealing or Moment.Renaming or Moment.Turning))
        {
            return null;
        }

        void Happened(bool counts)
        {
            if (counts && Interlocked.Decrement(ref skip) < 0)
            {
                _reached.TrySetResult();
            }
        }

        var watcher = new FileSystemWatcher(_root) { IncludeSubdirectories = true, InternalBufferSize = 64 * 1024 };
        switch (moment)
        {
            case Moment.Sealing:
                watcher.Created += (_, e) => Happened(e.FullPath.EndsWith(".parquet.tmp", StringComparison.Ordinal));
                break;
            case Moment.Renaming:
                watcher.Renamed += (_, e) => Happened(e.FullPath.EndsWith(".parquet", StringComparison.Ordinal));
                break;
            default:
                watcher.Created += (_, e) => Happened(e.FullPath.EndsWith(".jsonl", StringComparison.Ordinal));
                watcher.Deleted += (_, e) => Happened(e.FullPath.EndsWith(".jsonl", StringComparison.Ordinal));
                break;
        }

        watcher.EnableRaisingEvents = true;
        return watcher;
    }
}
