using System.Text.Json;
using Json.Schema;

namespace PSRunner.Workflows.Expectations;

/// <summary>A keyword that looks at a value and holds no schemas.</summary>
/// <param name="name">The keyword.</param>
/// <param name="read">Makes the check of a value out of what a schema says.</param>
internal sealed class SchemaRule(string name, Func<JsonElement, Func<EvaluationContext, bool>> read) : IKeywordHandler
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public object ValidateKeywordValue(JsonElement value) => new Check(read(value), $"expected {Excerpt.Line(value.GetRawText())}");

    /// <inheritdoc/>
    public void BuildSubschemas(KeywordData keyword, BuildContext context)
    {
    }

    /// <inheritdoc/>
    public KeywordEvaluation Evaluate(KeywordData keyword, EvaluationContext context)
    {
        SchemaClock.Look(context);
        var check = (Check)keyword.Value!;
        var fits = check.Fits(context);
        return new KeywordEvaluation { Keyword = name, IsValid = fits, Error = fits ? null : check.Error };
    }

    private sealed record Check(Func<EvaluationContext, bool> Fits, string Error);
}
