using System.Diagnostics.CodeAnalysis;

namespace PSRunner.Shell;

/// <summary>The command line: the part of pwsh's that makes sense here, with the same meaning.</summary>
internal sealed class ShellArguments
{
    public const string Help = """
        psrunner: the PowerShell engine with the PSRunner module, for machines without pwsh.

          psrunner -File script.ps1 [arguments]   run a script
          psrunner -Command "text"                run a line; - reads it from standard input
          psrunner                                a prompt; 'exit' leaves

        It carries PowerShell's core commands only; Format-Table, Export-Csv, Select-Object and their like come with pwsh.
        """;

    /// <summary>Words of pwsh's command line that are true here anyway.</summary>
    private static readonly HashSet<string> Implied = new(StringComparer.OrdinalIgnoreCase) { "noprofile", "nop", "nologo", "noninteractive", "noni" };

    public string? File { get; private init; }

    public IReadOnlyList<string> FileArguments { get; private init; } = [];

    public string? Command { get; private init; }

    public bool ShowHelp { get; private init; }

    public static bool TryParse(string[] args, [NotNullWhen(true)] out ShellArguments? arguments, out string problem)
    {
        (arguments, problem) = (null, "");
        for (var i = 0; i < args.Length; i++)
        {
            var word = args[i].StartsWith('-') && args[i].Length > 1 ? args[i].TrimStart('-').ToLowerInvariant() : "";
            if (Implied.Contains(word))
            {
                continue;
            }

            var rest = args[(i + 1)..];
            (arguments, problem) = word switch
            {
                "h" or "?" or "help" => (new ShellArguments { ShowHelp = true }, ""),
                "f" or "file" when rest.Length > 0 => (new ShellArguments { File = rest[0], FileArguments = rest[1..] }, ""),
                "c" or "command" when rest.Length > 0 => (new ShellArguments { Command = string.Join(' ', rest) }, ""),
                "f" or "file" or "c" or "command" => (null, $"psrunner: {args[i]} needs a value. Try psrunner -Help."),
                "" => (new ShellArguments { File = args[i], FileArguments = rest }, ""),
                _ => (null, $"psrunner: {args[i]} is not known. Try psrunner -Help."),
            };
            return arguments is not null;
        }

        arguments = new ShellArguments();
        return true;
    }
}
