using System.Text.RegularExpressions;

namespace PSRunner.Engine.Planning;

/// <summary>Names of cases, as tables show them.</summary>
internal static partial class CaseName
{
    private const int Longest = 120;

    /// <summary>Any text as one line of at most 120 characters.</summary>
    public static string Short(string name)
    {
        var line = WhiteSpace().Replace(name.Trim(), " ");
        return line.Length <= Longest ? line : line[..(Longest - 1)] + "…";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
