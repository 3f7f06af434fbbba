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

    /// <summary>The text with those placeholders filled that a parameter fills; every other brace is itself.</summary>
    /// <param name="text">The text.</param>
    /// <param name="values">The case's parameters.</param>
    /// <param name="escape">Makes a value what it must be within the text.</param>
    public static string FillKnown(string text, IReadOnlyList<KeyValuePair<string, object?>> values, Func<string, string> escape) =>
        text.Contains('{', StringComparison.Ordinal)
            ? Pattern().Replace(text, match => match.Groups["name"].Success && TryFind(match.Groups["name"].Value, values, out var value) ? escape(ToText(value)) : match.Value)
            : text;

    /// <summary>A value as a program gets it: the same on every machine.</summary>
    public static string ToText(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string ValueOf(Match match, string where, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        if (match.Groups["literal"].Success)
        {
            return $"{{{match.Groups["literal"].Value}}}";
        }

        var name = match.Groups["name"].Value;
        if (TryFind(name, values, out var value))
        {
            return ToText(value);
        }

        var known = values.Count == 0 ? "There are none" : $"There are {string.Join(", ", values.Select(v => v.Key))}";
        throw new TestBatchException(
            "PlaceholderUnknown", ErrorKind.InvalidArgument,
            $"{where} has the placeholder {{{name}}} and no parameter '{name}' fills it. {known}: add it with -Matrix or -Parameter, or write {{{{{name}}}}} for the text itself.",
            name);
    }

    private static bool TryFind(string name, IReadOnlyList<KeyValuePair<string, object?>> values, out object? value)
    {
        foreach (var (key, found) in values)
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                value = found;
                return true;
            }
        }

        value = null;
        return false;
    }

    [GeneratedRegex(@"\{\{(?<literal>[\p{L}_][\w-]*)\}\}|\{(?<name>[\p{L}_][\w-]*)\}")]
    private static partial Regex Pattern();
}
