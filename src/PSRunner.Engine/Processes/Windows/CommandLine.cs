using System.Text;

namespace PSRunner.Engine.Processes.Windows;

/// <summary>Joins arguments into the one text that Windows passes, by the rules of the C runtime and CommandLineToArgvW.</summary>
internal static class CommandLine
{
    /// <summary>The command line; its first word is the program.</summary>
    public static string Join(string program, IEnumerable<string> arguments)
    {
        // The first word follows simpler rules: no escapes, and a path holds no quote.
        var line = new StringBuilder("\"").Append(program).Append('"');
        foreach (var argument in arguments)
        {
            line.Append(' ');
            Append(line, argument);
        }

        return line.ToString();
    }

    private static void Append(StringBuilder line, string argument)
    {
        if (argument.Length > 0 && argument.AsSpan().IndexOfAny(" \t\n\v\"") < 0)
        {
            line.Append(argument);
            return;
        }

        line.Append('"');
        var backslashes = 0;
        foreach (var c in argument)
        {
            // Backslashes count only before a quote: there each is doubled, and one more guards the quote itself.
            if (c == '"')
            {
                line.Append('\\', backslashes + 1);
            }

            backslashes = c == '\\' ? backslashes + 1 : 0;
            line.Append(c);
        }

        line.Append('\\', backslashes).Append('"');
    }
}
