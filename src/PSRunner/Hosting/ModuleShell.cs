using System.Globalization;
using System.Reflection;
using PSRunner.Commands;
using PSRunner.Engine.Processes;

namespace PSRunner.Hosting;

/// <summary>Another PowerShell that calls a method of this module: the one that this process is; else pwsh, else psrunner, from PATH.</summary>
internal static class ModuleShell
{
    /// <summary>Names the program when this process is neither pwsh nor psrunner.</summary>
    public const string Variable = "PSRUNNER_WORKER_SHELL";

    /// <summary>The command line that calls a public static method and exits with what it returns.</summary>
    /// <param name="type">A public type of this assembly.</param>
    /// <param name="method">Its method.</param>
    /// <param name="arguments">Texts and booleans.</param>
    /// <exception cref="TestBatchException">NoWorkerShell.</exception>
    public static (string Program, IReadOnlyList<string> Arguments) Call(Type type, string method, params object[] arguments)
    {
        var (program, first) = Find();

        // psrunner has loaded its own assembly already.
        var load = $"if (-not ('{type.FullName}' -as [type])) {{ $null = [System.Reflection.Assembly]::LoadFrom({Quote(typeof(ModuleShell).Assembly.Location)}) }}";
        var call = $"exit [{type.FullName}]::{method}({string.Join(", ", arguments.Select(Word))})";
        return (program, [.. first, "-NoProfile", "-NoLogo", "-NonInteractive", "-Command", $"{load}; {call}"]);
    }

    private static string Word(object value) => value is bool yes ? (yes ? "$true" : "$false") : Quote(Convert.ToString(value, CultureInfo.InvariantCulture)!);

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static (string Program, IReadOnlyList<string> First) Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return (given, []);
        }

        var own = Environment.ProcessPath ?? "";
        var entry = Assembly.GetEntryAssembly();
        if (entry?.GetName().Name is "pwsh" or "PSRunner.Shell")
        {
            // As a tool of the SDK, and psrunner in a checkout, they are run by dotnet.
            return Path.GetFileNameWithoutExtension(own) == "dotnet" ? (own, [entry.Location]) : (own, []);
        }

        return (FromPath("pwsh") ?? FromPath("psrunner") ?? throw Errors.NoWorkerShell(Variable), []);
    }

    private static string? FromPath(string name)
    {
        try
        {
            return ProgramPath.Find(name, Environment.CurrentDirectory, Environment.GetEnvironmentVariable("PATH"));
        }
        catch (ProcessStartException)
        {
            return null;
        }
    }
}
