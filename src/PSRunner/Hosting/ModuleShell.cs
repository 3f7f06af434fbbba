using System.Globalization;
using System.Management.Automation.Language;
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
    public static (string Program, IReadOnlyList<string> Arguments) Call(Type type, string method, params object[] arguments) => Call(Find(), type, method, arguments);

    /// <summary>The same in pwsh, whatever this process is.</summary>
    /// <exception cref="TestBatchException">PwshMissing.</exception>
    public static (string Program, IReadOnlyList<string> Arguments) CallInPwsh(Type type, string method) => Call(FindPwsh(), type, method, []);

    /// <summary>The folder of pwsh.</summary>
    /// <exception cref="TestBatchException">PwshMissing.</exception>
    public static string PwshFolder()
    {
        var (program, first) = FindPwsh();
        var file = first is [var assembly] ? assembly : program;
        return Path.GetDirectoryName(File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file)!;
    }

    private static (string Program, IReadOnlyList<string> Arguments) Call((string Program, IReadOnlyList<string> First) shell, Type type, string method, object[] arguments)
    {
        // psrunner has loaded its own assembly already.
        var load = $"if (-not ('{type.FullName}' -as [type])) {{ $null = [System.Reflection.Assembly]::LoadFrom({Quote(typeof(ModuleShell).Assembly.Location)}) }}";
        var call = $"exit [{type.FullName}]::{method}({string.Join(", ", arguments.Select(Word))})";
        return (shell.Program, [.. shell.First, "-NoProfile", "-NoLogo", "-NonInteractive", "-Command", $"{load}; {call}"]);
    }

    private static string Word(object value) => value is bool yes ? (yes ? "$true" : "$false") : Quote(Convert.ToString(value, CultureInfo.InvariantCulture)!);

    // PowerShell takes typographic quotes for quotes, too.
    private static string Quote(string text) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    private static (string Program, IReadOnlyList<string> First) Find() =>
        FindOwn() ?? (FromPath("pwsh") ?? FromPath("psrunner") ?? throw Errors.NoWorkerShell(Variable), []);

    private static (string Program, IReadOnlyList<string> First) FindPwsh() =>
        FindOwn() is { } own && IsPwsh(own.First is [var assembly] ? assembly : own.Program) ? own : (FromPath("pwsh") ?? throw Errors.NoPwsh(), []);

    private static bool IsPwsh(string file) => Path.GetFileNameWithoutExtension(file).StartsWith("pwsh", StringComparison.OrdinalIgnoreCase);

    // Null: this process is no PowerShell of which another could be started.
    private static (string Program, IReadOnlyList<string> First)? FindOwn()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return (given, []);
        }

        var own = Environment.ProcessPath ?? "";
        var entry = Assembly.GetEntryAssembly();

        // As a tool of the SDK, and psrunner in a checkout, they are run by dotnet.
        return entry?.GetName().Name is not ("pwsh" or "PSRunner.Shell") ? null
            : Path.GetFileNameWithoutExtension(own) == "dotnet" ? (own, [entry.Location]) : (own, []);
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
