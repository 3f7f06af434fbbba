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
    private readonly ManualResetEventSlim _reached = new();
    private volatile int _killAfterSeen = int.MaxValue;
    private string? _awaitedWord;
    private int _seen;

    public ChildRun(string root, int cases, string retry, Ledger ledger, Action<string> violate)
    {
        _root = root;
        _ledger = ledger;
        _violate = violate;
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["child", root, cases.ToString(), retry]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["XDG_STATE_HOME"] = Path.Combine(root, "state");
        _process = Process.Start(start)!;
        _reader = new Thread(Read) { IsBackground = true };
    }

    /// <summary>Cases that were pending when the session began; null when it did not get so far.</summary>
    public int? ToRun { get; private set; }

    /// <summary>The state in which the batch ended; null when it was killed.</summary>
    public string? State { get; private set; }

    /// <summary>All that the child said of the end.</summary>
    public string Message { get; private set; } = "";

    /// <summary>The code with which the process ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Lets the child live until a moment of this kind comes and kills it.</summary>
    /// <returns>False when it ended before.</returns>
    public bool KillAt(Moment moment, Random chance)
    {
        _killAfterSeen = moment == Moment.Seeing ? chance.Next(1, 200) : int.MaxValue;
        _awaitedWord = moment switch { Moment.Opening => Child.Begins, Moment.Running => Child.Opened, _ => null };
        var skip = chance.Next(6);
        var delay = TimeSpan.FromMilliseconds(moment switch
        {
            Moment.Opening => chance.Next(250),
            Moment.Running => chance.Next(700),
            _ => chance.NextDouble() * 4 * chance.Next(2),
        });
        using var watcher = Watch(moment, skip);
        _reader.Start();
        _reached.Wait(Limit);
        if (delay > TimeSpan.Zero)
        {
            _process.WaitForExit(delay);
        }

        if (_process.HasExited)
        {
            return false;
        }

        _process.Kill();
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
        }

        _reader.Join(Limit);
        if (_process.StandardError.ReadToEnd() is { Length: > 0 } error)
        {
            _violate("a child said: " + error);
        }
    }

    public void Dispose()
    {
        _process.Dispose();
        _reached.Dispose();
    }

    private void Read()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            var word = line.Split(' ')[0];
            switch (word)
            {
                case Child.Saw:
                    _ledger.See(line);
                    if (++_seen >= _killAfterSeen)
                    {
                        _reached.Set();
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
                _reached.Set();
            }
        }

        _reached.Set(); // It ended by itself.
    }

    /// <summary>Sees the files of the store come and go, and lets some of them pass.</summary>
    private FileSystemWatcher? Watch(Moment moment, int skip)
    {
        if (moment is not (Moment.Sealing or Moment.Renaming or Moment.Turning))
        {
            return null;
        }

        void Happened(string? name, bool counts)
        {
            if (counts && name is not null && Interlocked.Decrement(ref skip) < 0)
            {
                _reached.Set();
            }
        }

        var watcher = new FileSystemWatcher(_root) { IncludeSubdirectories = true, InternalBufferSize = 64 * 1024 };
        switch (moment)
        {
            case Moment.Sealing:
                watcher.Created += (_, e) => Happened(e.Name, e.FullPath.EndsWith(".parquet.tmp", StringComparison.Ordinal));
                break;
            case Moment.Renaming:
                watcher.Renamed += (_, e) => Happened(e.Name, e.FullPath.EndsWith(".parquet", StringComparison.Ordinal));
                break;
            default:
                watcher.Created += (_, e) => Happened(e.Name, e.FullPath.EndsWith(".jsonl", StringComparison.Ordinal));
                watcher.Deleted += (_, e) => Happened(e.Name, e.FullPath.EndsWith(".jsonl", StringComparison.Ordinal));
                break;
        }

        watcher.EnableRaisingEvents = true;
        return watcher;
    }
}
