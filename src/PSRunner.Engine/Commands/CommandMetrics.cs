namespace PSRunner.Engine.Commands;

/// <summary>What is measured of every command.</summary>
internal static class CommandMetrics
{
    /// <summary>NaN when a signal ended the program.</summary>
    public const string ExitCode = "ExitCode";

    /// <summary>The number of the signal that ended the program; NaN when none did.</summary>
    public const string Signal = "Signal";

    /// <summary>The most memory held at once, MiB.</summary>
    public const string PeakMemoryMB = "PeakMemoryMB";

    /// <summary>Processor seconds of the program and the children it waited for.</summary>
    public const string CpuSeconds = "CpuSeconds";

    /// <summary>Bytes written to standard output.</summary>
    public const string OutputBytes = "OutputBytes";

    /// <summary>Bytes written to standard error.</summary>
    public const string ErrorBytes = "ErrorBytes";

    /// <summary>All of them, in the order of their columns.</summary>
    public static IReadOnlyList<string> All { get; } = [ExitCode, Signal, PeakMemoryMB, CpuSeconds, OutputBytes, ErrorBytes];
}
