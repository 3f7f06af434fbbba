using System.Runtime.InteropServices;

namespace PSRunner.Shell;

/// <summary>
/// Ctrl+C, a polite kill and a closing terminal stop the running pipeline, which drains and says how to go on; a second
/// Ctrl+C ends the process at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly ShellSession _session;
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals(ShellSession session)
    {
        _session = session;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, ExitCodes.Interrupted)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, ExitCodes.Terminated)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Stop(context, ExitCodes.HungUp)),
        ];
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    // Not canceling the signal means its default: the process ends.
    private void Stop(PosixSignalContext context, int exitCode) => context.Cancel = _session.TryStop(exitCode);
}
