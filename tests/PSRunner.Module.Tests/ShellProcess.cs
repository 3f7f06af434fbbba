using System.Collections.Concurrent;
using System.Diagnostics;

namespace PSRunner.Module.Tests;

/// <summary>psrunner as a child process, as a user's shell would start it. Every wait has a limit.</summary>
internal sealed class ShellProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();

    private ShellProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Keep(_output, e.Data);
        process.ErrorDataReceived += (_, e) => Keep(_errors, e.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Lines of standard output so far.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>Lines of the error stream so far.</summary>
    public IReadOnlyList<string> Errors => [.. _errors];

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>The exit code of an ended process.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>
    /// Starts <c>psrunner -Command</c> in a folder. Batches of the test are indexed in that folder, not in the user's. Without
    /// progress, which on a busy machine would be a line of the error stream.
    /// </summary>
    public static ShellProcess Start(string folder, string command, params (string Name, string Value)[] environment) =>
        StartWith(folder, ["-Command", "$ProgressPreference = 'SilentlyContinue'; " + command], environment);

    /// <summary>Starts psrunner with any arguments.</summary>
    public static ShellProcess StartWith(string folder, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment) =>
        StartAs("dotnet", folder, [Repository.Shell, .. arguments], environment);

    /// <summary>Runs a command to its end in a psrunner that may open so many files. Not on Windows.</summary>
    public static ShellProcess RunWithFiles(int most, string folder, string command, params (string Name, string Value)[] environment)
    {
        var shell = StartAs("/bin/sh", folder, ["-c", $"ulimit -n {most} && exec dotnet \"$0\" \"$@\"", Repository.Shell, "-Command", "$ProgressPreference = 'SilentlyContinue'; " + command], environment);
        shell.WaitForEnd();
        return shell;
    }

    private static ShellProcess StartAs(string program, string folder, IReadOnlyList<string> arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["NO_COLOR"] = "1";
        start.Environment["XDG_STATE_HOME"] = Path.Combine(folder, ".state");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ShellProcess(new Process { StartInfo = start });
    }

    /// <summary>Runs a command to its end.</summary>
    public static ShellProcess Run(string folder, string command, params (string Name, string Value)[] environment)
    {
        var shell = Start(folder, command, environment);
        shell.WaitForEnd();
        return shell;
    }

    /// <summary>Waits for the end and for all output.</summary>
    public void WaitForEnd()
    {
        if (!_process.WaitForExit(Limit))
        {
            _process.Kill(entireProcessTree: true);
            Assert.Fail($"psrunner did not end within {Limit}. Output:\n{string.Join('\n', _output)}\nErrors:\n{string.Join('\n', _errors)}");
        }

        _process.WaitForExit(); // Returns when the redirected streams are read to their end.
    }

    /// <summary>Waits a moment; true when the process ended.</summary>
    public bool WaitForExit(TimeSpan moment) => _process.WaitForExit(moment);

    /// <summary>Waits until enough lines were printed; false when the process ended before.</summary>
    public bool WaitForLines(int count)
    {
        var clock = Stopwatch.StartNew();
        while (_output.Count < count && clock.Elapsed < Limit)
        {
            if (_process.WaitForExit(TimeSpan.FromMilliseconds(5)))
            {
                return _output.Count >= count;
            }
        }

        return _output.Count >= count;
    }

    /// <summary>SIGKILL: nothing of the process gets a word in.</summary>
    public void Kill()
    {
        _process.Kill();
        WaitForEnd();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}
