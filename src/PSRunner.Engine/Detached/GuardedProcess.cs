using System.Diagnostics;
using System.Globalization;

namespace PSRunner.Engine.Detached;

/// <summary>A child of the guardian that works on the batch. What it writes goes where the guardian's output goes.</summary>
public sealed class GuardedProcess : IGuardedProcess
{
    private const int FirstSignal = 128;
    private readonly Process _process;

    private GuardedProcess(Process process) => _process = process;

    /// <inheritdoc/>
    public int Id => _process.Id;

    /// <inheritdoc/>
    public string HowItEnded => !OperatingSystem.IsWindows() && _process.ExitCode > FirstSignal
        ? Processes.Unix.SignalName.Of(_process.ExitCode - FirstSignal)
        : string.Create(CultureInfo.InvariantCulture, $"exit code {_process.ExitCode}");

    /// <inheritdoc/>
    public bool ExitedWell => _process.ExitCode == 0;

    /// <summary>Starts a program.</summary>
    public static GuardedProcess Start(string program, IReadOnlyList<string> arguments) =>
        new(Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false }) ?? throw new InvalidOperationException($"'{program}' was not started."));

    /// <inheritdoc/>
    public bool WaitForEnd(TimeSpan limit) => _process.WaitForExit(limit);

    // Only the process itself: what its tests started is ended by the guardians of their trees.
    /// <inheritdoc/>
    public bool Kill(TimeSpan limit)
    {
        _process.Kill();
        return _process.WaitForExit(limit);
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}
