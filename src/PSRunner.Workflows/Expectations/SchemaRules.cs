using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;

namespace PSRunner.Workflows.Expectations;

/// <summary>
/// The keywords that stand in for the library's own. Those compare numbers as decimals (one of 30 digits threw, 1e-30 was 0), count
/// letters as they are drawn, set regular expressions no limit, and multipleOf ended the process over a reply of 1e100000000.
/// </summary>
internal static class SchemaRules
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(2);

    /// <summary>All of them, alike in every draft.</summary>
    public static IReadOnlyList<SchemaRule> All { get; } =
    [
        new("type", said => AnyOf(said.ValueKind == JsonValueKind.Array ? [.. said.EnumerateArray().Select(TypeOf)] : [TypeOf(said)])),
        new("const", Equal),
        new("enum", said => AnyOf([.. said.EnumerateArray().Select(Equal)])),
        new("multipleOf", said => MultipleOf(said, said.GetDouble())),
        new("minLength", said => Length(said.GetDouble(), double.MaxValue)),
        new("maxLength", said => Length(0, said.GetDouble())),
        new("pattern", said => Matches(RegexOf(said.GetString()!))),
        new("format", said => Has(FormatRegistry.Global.Get(said.GetString()!))),
        new("uniqueItems", said => said.GetBoolean() ? Of(JsonValueKind.Array, AreUnique) : _ => true),
    ];

    /// <summary>A keyword that asks nothing of a value: the reader looks at it.</summary>
    public static SchemaRule Silent(string name) => new(name, _ => _ => true);

    /// <summary>A regular expression that gives up.</summary>
    /// <exception cref="SchemaException">It is none.</exception>
    public static Regex RegexOf(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.ECMAScript, MatchLimit);
        }
        catch (ArgumentException e)
        {
            throw new SchemaException($"it holds no regular expression: {e.Message}", e);
        }
    }

    private static Func<EvaluationContext, bool> Of(JsonValueKind kind, Func<EvaluationContext, bool> fits) => c => c.Instance.ValueKind != kind || fits(c);

    private static Func<EvaluationContext, bool> AnyOf(Func<EvaluationContext, bool>[] choices) => c => Array.Exists(choices, fits => fits(c));

    private static Func<EvaluationContext, bool> Equal(JsonElement said) => c => JsonElement.DeepEquals(said, c.Instance);

    private static Func<EvaluationContext, bool> Matches(Regex regex) => Of(JsonValueKind.String, c => regex.IsMatch(c.Instance.GetString()!));

    private static Func<EvaluationContext, bool> TypeOf(JsonElement said) => said.GetString() switch
    {
        "integer" => c => c.Instance.ValueKind == JsonValueKind.Number && SchemaNumbers.IsWhole(c.Instance),
        "boolean" => c => c.Instance.ValueKind is JsonValueKind.True or JsonValueKind.False,
        var name => Kind(Enum.Parse<JsonValueKind>(name!, ignoreCase: true)),
    };

    private static Func<EvaluationContext, bool> Kind(JsonValueKind kind) => c => c.Instance.ValueKind == kind;

    private static Func<EvaluationContext, bool> MultipleOf(JsonElement unit, double size) =>
        size is > 0 and < double.PositiveInfinity ? Of(JsonValueKind.Number, c => SchemaNumbers.IsMultiple(c.Instance, unit)) : throw new SchemaException("multipleOf is no number over 0");

    /// <summary>In characters as Unicode numbers them.</summary>
    private static Func<EvaluationContext, bool> Length(double least, double most) =>
        Of(JsonValueKind.String, c => c.Instance.GetString()!.EnumerateRunes().Count() is var length && length >= least && length <= most);

    private static Func<EvaluationContext, bool> Has(Format format) => Of(JsonValueKind.String, c =>
    {
        try
        {
            // The library's patterns end with $, which a line feed may follow.
            return format.Validate(c.Instance, out _) && (format == Formats.Regex || !c.Instance.GetString()!.EndsWith('\n'));
        }
        catch (Exception e) when (e is ArgumentException or JsonException)
        {
            // Some formats are read by what throws: the year 0, an address in quotes.
            return false;
        }
    });

    private static bool AreUnique(EvaluationContext context)
    {
        List<JsonElement> seen = [];
        foreach (var item in context.Instance.EnumerateArray())
        {
            SchemaClock.Look(context);
            if (seen.Exists(one => JsonElement.DeepEquals(one, item)))
            {
                return false;
            }

            seen.Add(item);
        }

        return true;
    }
}
