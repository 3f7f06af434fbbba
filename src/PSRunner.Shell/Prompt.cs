using System.Management.Automation.Host;
using System.Management.Automation.Language;

namespace PSRunner.Shell;

/// <summary>A plain prompt: reads a line, more lines while a block is open, and runs them.</summary>
internal sealed class Prompt(ShellSession session, ShellHost host)
{
    public int Run()
    {
        PSHostUserInterface ui = host.UI;
        ui.WriteLine("psrunner: PowerShell's core commands and PSRunner. Get-Command -Module PSRunner lists its commands; 'exit' leaves.");
        while (host.ExitCode is null)
        {
            var text = Read(ui);
            if (text is null)
            {
                break;
            }

            if (!string.IsNullOrWhiteSpace(text))
            {
                session.RunCommand(text);
            }
        }

        return host.ExitCode ?? ExitCodes.Success;
    }

    private static string? Read(PSHostUserInterface ui)
    {
        ui.Write("PS> ");
        var text = Console.ReadLine();
        while (text is not null && IsIncomplete(text))
        {
            ui.Write(">> ");
            if (Console.ReadLine() is not { } more)
            {
                return null;
            }

            text += Environment.NewLine + more;
        }

        return text;
    }

    private static bool IsIncomplete(string text)
    {
        Parser.ParseInput(text, out _, out var errors);
        return errors.Any(e => e.IncompleteInput);
    }
}
