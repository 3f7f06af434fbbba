using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace PSRunner.Shell;

/// <summary>Turns the words after <c>-File script.ps1</c> into PowerShell arguments.</summary>
internal static partial class ScriptArguments
{
    /// <summary><c>-Instances 5</c> stays a parameter and its value; everything else is quoted text.</summary>
    public static string ToText(IReadOnlyList<string> arguments) => string.Join(' ', arguments.Select(Quote));

    private static string Quote(string word)
    {
        var parameter = ParameterWord().Match(word);
        if (!parameter.Success)
        {
            return Literal(word);
        }

        var value = parameter.Groups["value"];
        return (parameter.Groups["name"].Value, value.Success, value.Value.ToUpperInvariant()) switch
        {
            (var name, false, _) => name,
            (var name, true, "$TRUE") => name + ":$true",
            (var name, true, "$FALSE") => name + ":$false",
            (var name, true, _) => name + ":" + Literal(value.Value),
        };
    }

    private static string Literal(string text) => "'" + CodeGeneration.EscapeSingleQuotedStringContent(text) + "'";

    [GeneratedRegex(@"^(?<name>-[A-Za-z_]\w*)(:(?<value>.*))?$", RegexOptions.Singleline)]
    private static partial Regex ParameterWord();
}
