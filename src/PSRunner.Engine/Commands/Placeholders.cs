using System.Globalization;
using System.Text.RegularExpressions;

namespace PSRunner.Engine.Commands;

/// <summary>
/// Fills <c>{name}</c> from a case's parameters. <c>{{name}}</c> is the text <c>{name}</c>; every other brace is itself, so
/// that JSON and shell code need no care.
/// </summary>
internal static partial class Placeholders
{
    /// <summary>The text with its placeholders filled.</summary>
    /// <param name="text">The text.</param>
    /// <param name="where">The user's parameter that holds it, for the message.</param>
    /// <param name="values">The case's parameters.</param>
    /// <exception cref="TestBatchException">PlaceholderUnknown: no parameter has that name.</exception>
    public static string Fill(string text, string where, IReadOnlyList<KeyValuePair<string, object?>> values) =>
        text.Contains('{', StringComparison.Ordinal) ? Pattern().Replace(text, match => ValueOf(match, where, values)) : text;

    /// <summary>A value as a program gets it: the same on every machine.</summary>
    public static string ToText(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string ValueOf(Match match, string where, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        if (match.Groups["literal"].Success)
        {
            return $"{{{match.Groups["literal"].Value}}}";
        }

        var name = match.Groups["name"].Value;
        foreach (var (key, value) in values)
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                return ToText(value);
            }
        }

        var known = values.Count == 0 ? "There are none" : $"There are {string.Join(", ", values.Select(v => v.Key))}";
        throw new TestBatchException(
            "PlaceholderUnknown", ErrorKind.InvalidArgument,
            $"{where} has the placeholder {{{name}}} and no parameter '{name}' fills it. {known}: add it with -Matrix or -Parameter, or write {{{{{name}}}}} for the text itself.",
            name);
    }

    [GeneratedRegex(@"\{\{(?<literal>[\p{L}_][\w-]*)\}\}|\{(?<name>[\p{L}_][\w-]*)\}")]
    private static partial Regex Pattern();
}
