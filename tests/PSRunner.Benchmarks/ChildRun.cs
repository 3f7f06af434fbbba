using System.Diagnostics;
using System.Globalization;

namespace PSRunner.Benchmarks;

/// <summary>Runs one measurement in a process of its own and reads the figures it prints as <c>name=value</c>.</summary>
internal static class ChildRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    public static Dictionary<string, double> Start(params string[] arguments)
    {
        var figures = Run(arguments, out var exitCode);
        return exitCode == 0 ? figures : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' failed with {exitCode}.");
    }

    /// <summary>Runs another program that prints its figures alike.</summary>
    public static Dictionary<string, double> StartProgram(string program, params string[] arguments)
    {
        var figures = Run(new ProcessStartInfo(program, arguments), out var exitCode);
        return exitCode == 0 ? figures : throw new InvalidOperationException($"'{program}' failed with {exitCode}.");
    }

    /// <summary>Runs a measurement that kills itself.</summary>
    public static void StartToDie(params string[] arguments) => Run(arguments, out _);

    private static Dictionary<string, double> Run(string[] arguments, out int exitCode) =>
        Run(new ProcessStartInfo(Environment.ProcessPath!, ["child", .. arguments]), out exitCode);

    private static Dictionary<string, double> Run(ProcessStartInfo start, out int exitCode)
    {
        start.RedirectStandardOutput = true;
        using var child = Process.Start(start)!;
        var figures = new Dictionary<string, double>();
        while (child.StandardOutput.ReadLine() is { } line)
        {
            if (line.Split('=') is [var name, var value] && double.TryParse(value, CultureInfo.InvariantCulture, out var figure))
            {
                figures[name] = figure;
            }
            else
            {
                Console.WriteLine(line);
            }
        }

        exitCode = child.WaitForExit(Limit) ? child.ExitCode : throw new TimeoutException($"'{string.Join(' ', start.ArgumentList)}' did not end.");
        return figures;
    }

    public static void Print(string name, double value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}={value}"));

    /// <summary>The most memory the process has had in RAM, in MB.</summary>
    public static double PeakMemoryMB()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64 / 1e6;
    }
}
