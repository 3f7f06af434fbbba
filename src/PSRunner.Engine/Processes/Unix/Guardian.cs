using System.IO.Pipes;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>
/// A small shell script in a process of its own that waits for the end of ours, however it comes, and then kills what
/// our trees left. It does what PDEATHSIG would do if posix_spawn could set it, and beyond: it reaches grandchildren.
/// </summary>
/// <remarks>
/// The end of this process closes the only writing end of its standard input. Without <c>/bin/sh</c> there is no
/// guardian, and what is left of a killed runner waits for <see cref="ProcessSweep"/>.
/// </remarks>
internal sealed class Guardian : IDisposable
{
    // $1 is what our trees carry in their environment. Descriptor 3 is the roster. The exit code of grep tells nothing:
    // processes end while it reads.
    private const string Script =
        """
        read -r _
        while read -r group; do [ -n "$group" ] && kill -KILL "-$group"; done <&3
        for round in 1 2 3 4 5 6 7 8 9 10; do
            found=$(grep -lsF "$1" /proc/[0-9]*/environ)
            [ -n "$found" ] || exit 0
            for file in $found; do file=${file#/proc/}; kill -KILL "${file%/environ}"; done
        done
        """;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly Roster _roster;
    private readonly string _tagStart;
    private readonly Dictionary<string, string> _environment;
    private AnonymousPipeServerStream? _lifeline;
    private int _pid;

    /// <param name="roster">The groups that live.</param>
    /// <param name="tagStart"><c>NAME=value</c> as far as it is the same for all trees of this instance.</param>
    public Guardian(Roster roster, string tagStart)
    {
        _roster = roster;
        _tagStart = tagStart;

        // Without the marks of a runner around us, which would take it for a leftover when it must do its work.
        var path = Environment.GetEnvironmentVariable("PATH");
        _environment = new Dictionary<string, string> { ["PATH"] = string.IsNullOrEmpty(path) ? "/usr/bin:/bin" : path };
    }

    /// <summary>Starts it, also again when somebody ended it. Cheap when it lives.</summary>
    public void EnsureAlive()
    {
        lock (_lock)
        {
            if (_pid == 0 || HasEnded())
            {
                Start();
            }
        }
    }

    /// <summary>Ends it; the trees are over by then.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_pid != 0)
            {
                _ = Libc.Kill(_pid, Libc.SIGKILL);
                SpinWait.SpinUntil(HasEnded, CloseLimit);
            }

            _lifeline?.Dispose();
        }
    }

    private void Start()
    {
        _lifeline?.Dispose();
        _lifeline = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
        ReadOnlySpan<ChildFile> files =
        [
            new(0, null, Source: (int)_lifeline.ClientSafePipeHandle.DangerousGetHandle()),
            new(1, "/dev/null", Write: true),
            new(2, "/dev/null", Write: true),
            new(3, null, Source: (int)_roster.File.DangerousGetHandle()),
        ];
        var error = PosixSpawn.Start("/bin/sh", ["-c", Script, "psrunner-guardian", _tagStart], _environment, "/", files, out _pid);
        _pid = error == 0 ? _pid : 0;
        _lifeline.DisposeLocalCopyOfClientHandle();
    }

    // Reaped now, or (ECHILD) by someone else before.
    private unsafe bool HasEnded() => Libc.Wait4(_pid, null, Libc.WNOHANG, null) != 0;
}
