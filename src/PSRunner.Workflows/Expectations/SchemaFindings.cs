using Json.Schema;

namespace PSRunner.Workflows.Expectations;

/// <summary>What the library found wrong, in words.</summary>
internal static class SchemaFindings
{
    private const int Most = 3;

    /// <summary>The first findings, each with its keyword and its place in the value, and how many more there are.</summary>
    /// <param name="results">What came of a schema that does not fit, in a hierarchy.</param>
    public static string Of(EvaluationResults results)
    {
        var all = In(results, "schema").Distinct().ToList();
        return $"{string.Join(", ", all.Take(Most))}{(all.Count > Most ? $" and {all.Count - Most} more" : "")}";
    }

    /// <param name="results">What came of a schema that does not fit.</param>
    /// <param name="by">The keyword that holds the schema.</param>
    private static IEnumerable<string> In(EvaluationResults results, string by)
    {
        var place = Excerpt.Line($" at #{results.InstanceLocation}");
        var errors = (results.Errors ?? []).Select(e => Excerpt.Line(e.Key.Length == 0 ? $"{by} false" : $"{e.Key}: {e.Value}") + place);
        return errors.Concat((results.Details ?? []).GroupBy(d => d.EvaluationPath[results.EvaluationPath.SegmentCount].ToString()).SelectMany(schemas => schemas.Key switch
        {
            // They only choose; contains says itself what it missed.
            "if" or "contains" => [],
            "not" => schemas.Any(s => s.IsValid) ? ["not" + place] : [],
            "anyOf" or "oneOf" => schemas.Count(s => s.IsValid) is var fitting && (schemas.Key == "anyOf" ? fitting > 0 : fitting == 1) ? []
                : [$"{schemas.Key} ({fitting} of {schemas.Count()} fit){place}"],
            _ => schemas.Where(s => !s.IsValid).SelectMany(s => In(s, schemas.Key)),
        }));
    }
}
