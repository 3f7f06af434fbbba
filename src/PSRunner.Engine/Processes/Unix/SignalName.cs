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

    private const string Nameless = "signal ";

    private static string[] Names => OperatingSystem.IsMacOS() ? Mac : Linux;

    /// <summary><c>SIGKILL</c> for 9; <c>signal 40</c> for one without a name.</summary>
    public static string Of(int signal) =>
        signal > 0 && signal < Names.Length ? "SIG" + Names[signal] : Nameless + signal.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number behind what <see cref="Of"/> says; 0 when it is none of these.</summary>
    public static int NumberOf(string name) =>
        name.StartsWith(Nameless, StringComparison.Ordinal) && int.TryParse(name.AsSpan(Nameless.Length), CultureInfo.InvariantCulture, out var number) ? number
        : name.StartsWith("SIG", StringComparison.Ordinal) ? Math.Max(0, Array.IndexOf(Names, name[3..])) : 0;
}
