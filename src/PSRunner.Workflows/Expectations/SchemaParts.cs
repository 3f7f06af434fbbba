using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Pointer;
using Json.Schema;
using Json.Schema.Keywords;

namespace PSRunner.Workflows.Expectations;

/// <summary>Keywords with schemas in them that stand in for the library's own.</summary>
internal static class SchemaParts
{
    /// <summary>Regular expressions that give up; the library's have no limit, and it lost those with a slash in them.</summary>
    public sealed class PatternProperties : PatternPropertiesKeyword
    {
        /// <inheritdoc/>
        public override object ValidateKeywordValue(JsonElement value) => value.EnumerateObject().Select(p => SchemaRules.RegexOf(p.Name)).ToArray();

        /// <inheritdoc/>
        public override KeywordEvaluation Evaluate(KeywordData keyword, EvaluationContext context)
        {
            if (context.Instance.ValueKind != JsonValueKind.Object)
            {
                return KeywordEvaluation.Ignore;
            }

            var names = new HashSet<string>(StringComparer.Ordinal);
            var details = new List<EvaluationResults>();
            foreach (var property in context.Instance.EnumerateObject())
            {
                foreach (var (regex, schema) in ((Regex[])keyword.Value!).Zip(keyword.Subschemas))
                {
                    SchemaClock.Look(context);
                    if (regex.IsMatch(property.Name))
                    {
                        names.Add(property.Name);
                        details.Add(EvaluateAt(JsonPointer.Create(property.Name), property.Value, schema, Name, context));
                    }
                }
            }

            return Whole(Name, details, JsonSerializer.SerializeToElement(names));
        }
    }

    /// <summary>Says where an item is; the library began to count behind those of prefixItems.</summary>
    public sealed class Items : ItemsKeyword
    {
        /// <inheritdoc/>
        public override KeywordEvaluation Evaluate(KeywordData keyword, EvaluationContext context) => context.Instance.ValueKind != JsonValueKind.Array
            ? KeywordEvaluation.Ignore
            : Whole(
                Name,
                [.. context.Instance.EnumerateArray().Index().Skip((int?)keyword.Value ?? 0).Select(at => EvaluateAt(JsonPointer.Create(at.Index), at.Item, keyword.Subschemas[0], Name, context))],
                JsonElement.Parse("true"));
    }

    /// <summary>
    /// Leads to the schema that the reader found. The library's own follows all references at once, each on the stack, and in older
    /// drafts forgets what stands beside one. By references alone a schema goes deeper than it was written.
    /// </summary>
    public sealed class Reference : IKeywordHandler
    {
        /// <inheritdoc/>
        public string Name => "$ref";

        /// <inheritdoc/>
        public object? ValidateKeywordValue(JsonElement value) => null;

        /// <inheritdoc/>
        public void BuildSubschemas(KeywordData keyword, BuildContext context)
        {
        }

        /// <inheritdoc/>
        public KeywordEvaluation Evaluate(KeywordData keyword, EvaluationContext context)
        {
            SchemaClock.Look(context);
            return RuntimeHelpers.TryEnsureSufficientExecutionStack()
                ? Whole(Name, [keyword.Subschemas[0].Evaluate(context with { EvaluationPath = context.EvaluationPath.Combine(Name) })])
                : throw new TimeoutException("The schema refers to itself too deeply.");
        }
    }

    private static EvaluationResults EvaluateAt(JsonPointer place, JsonElement value, JsonSchemaNode schema, string keyword, EvaluationContext context) => schema.Evaluate(context with
    {
        Instance = value,
        InstanceLocation = context.InstanceLocation.Combine(place),
        EvaluationPath = context.EvaluationPath.Combine(keyword),
    });

    private static KeywordEvaluation Whole(string keyword, List<EvaluationResults> details, JsonElement? annotation = null) => new()
    {
        Keyword = keyword,
        IsValid = details.TrueForAll(d => d.IsValid),
        Details = [.. details],
        Annotation = annotation,
    };
}
