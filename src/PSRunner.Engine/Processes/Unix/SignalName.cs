using System.Globalization;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>Names of signals, by this system's numbers.</summary>
internal static class SignalName
{
    private static readonly string[] Linux =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private static readonly string[] Mac =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM", "TERM",
        "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2",
    ];

    /// <summary><c>SIGKILL</c> for 9; <c>signal 40</c> for one without a name.</summary>
    public static string Of(int signal)
    {
        var names = OperatingSystem.IsMacOS() ? Mac : Linux;
        return signal > 0 && signal < names.Length ? "SIG" + names[signal] : "signal " + signal.ToString(CultureInfo.InvariantCulture);
    }
}
