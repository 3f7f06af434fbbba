using System.Reflection;
using PSRunner.Commands;
using PSRunner.Engine.Processes;
using PSRunner.Engine.Workers;

namespace PSRunner.Scripts;

/// <summary>The PowerShell that worker processes are: the one that runs the batch; else pwsh, else psrunner, from PATH.</summary>
internal static class WorkerShell
{
    /// <summary>Names the program when the batch runs in something that is neither pwsh nor psrunner.</summary>
    public const string Variable = "PSRUNNER_WORKER_SHELL";

    private const string Psrunner = "PSRunner.Shell";

    /// <summary>How to start a worker.</summary>
    /// <exception cref="TestBatchException">NoWorkerShell.</exception>
    public static WorkerCommand Find()
    {
        var (program, arguments) = Shell();
        var assembly = typeof(WorkerShell).Assembly.Location.Replace("'", "''", StringComparison.Ordinal);

        // psrunner has loaded its own already.
        var command = $"if (-not ('{typeof(TestWorker).FullName}' -as [type])) {{ $null = [System.Reflection.Assembly]::LoadFrom('{assembly}') }}; [{typeof(TestWorker).FullName}]::Run()";
        return new WorkerCommand(program, [.. arguments, "-NoProfile", "-NoLogo", "-NonInteractive", "-Command", command]);
    }

    private static (string Program, string[] Arguments) Shell()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return (given, []);
        }

        var own = Environment.ProcessPath ?? "";
        var entry = Assembly.GetEntryAssembly();
        if (entry?.GetName().Name is "pwsh" or Psrunner)
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
