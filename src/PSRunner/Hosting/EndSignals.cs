using System.Runtime.InteropServices;

namespace PSRunner.Hosting;

/// <summary>
/// A polite kill, which the system sends when it shuts down, and a closing terminal: .NET ends the process at once then, so
/// whoever has something to end in order hears of it here first.
/// </summary>
internal sealed class EndSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="end">Ends what runs, within seconds; gets the signal.</param>
    /// <param name="processGoesOn">True: the process ends by itself later, and Ctrl+C is no other signal. False: it ends when <paramref name="end"/> returns.</param>
    public EndSignals(Action<PosixSignal> end, bool processGoesOn)
    {
        PosixSignal[] signals = processGoesOn ? [PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGINT] : [PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        _registrations = Array.ConvertAll(signals, signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel |= processGoesOn;
            end(context.Signal);
        }));
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_registrations, r => r.Dispose());
}
