namespace PSRunner.Shell;

internal static class Program
{
    private static int Main(string[] args)
    {
        // The PowerShell inside would report its use to its makers.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        var stdout = new PipeSafeWriter(Console.Out, Console.Error);
        var stderr = new PipeSafeWriter(Console.Error, null);
        if (!ShellArguments.TryParse(args, out var arguments, out var problem))
        {
            stderr.WriteLine(problem);
            return ExitCodes.BadArguments;
        }

        if (arguments.ShowHelp)
        {
            stdout.WriteLine(ShellArguments.Help);
            return ExitCodes.Success;
        }

        var host = new ShellHost(stdout, stderr, isInteractive: arguments is { File: null, Command: null });
        using var session = new ShellSession(host);
        using var signals = new StopSignals(session);
        if (!session.TryOpen())
        {
            return ExitCodes.Failure;
        }

        return arguments switch
        {
            { File: { } file } => session.RunFile(file, arguments.FileArguments),
            { Command: "-" } => session.RunCommand(Console.In.ReadToEnd()),
            { Command: { } command } => session.RunCommand(command),
            _ => new Prompt(session, host).Run(),
        };
    }
}

/// <summary>The exit codes, as pwsh's.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int BadArguments = 64;

    /// <summary>128 plus the number of the signal, as shells have it.</summary>
    public const int Interrupted = 130;
    public const int Terminated = 143;
    public const int HungUp = 129;
}
