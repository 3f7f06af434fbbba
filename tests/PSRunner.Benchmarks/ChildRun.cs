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

    /// <summary>Runs a measurement that kills itself.</summary>
    public static void StartToDie(params string[] arguments) => Run(arguments, out _);

    private static Dictionary<string, double> Run(string[] arguments, out int exitCode)
    {
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["child", .. arguments]) { RedirectStandardOutput = true })!;
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

        exitCode = child.WaitForExit(Limit) ? child.ExitCode : throw new TimeoutException($"'{string.Join(' ', arguments)}' did not end.");
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
