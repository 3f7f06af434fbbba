using System.Text.Json;
using Json.Schema;
using Json.Schema.Keywords;
using Draft06 = Json.Schema.Keywords.Draft06;

namespace PSRunner.Workflows.Expectations;

/// <summary>
/// Reads a JSON schema (https://json-schema.org, draft 4 to 2020-12) by the library, and refuses what that would let pass: a reply
/// must not fit because of a rule that was never looked at.
/// </summary>
internal sealed class SchemaReader
{
    private const string Newest = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>How many schemas may hold for one value because of another; each takes a part of the stack.</summary>
    private const int Deepest = 100;

    /// <summary>What the library knows and we do not want: it checks nothing, or leads where circles are not seen.</summary>
    private static readonly HashSet<string> Refused =
        ["$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary", "contentEncoding", "contentMediaType", "contentSchema"];

    private static readonly IReadOnlyList<IKeywordHandler> Ours =
    [
        .. SchemaRules.All, new SchemaParts.PatternProperties(), new SchemaParts.Reference(), DefsKeyword.Instance, Draft06.DefinitionsKeyword.Instance,
        .. Refused.Concat(["$schema", "$id", "id", "$anchor", "deprecated", "readOnly", "writeOnly"]).Select(SchemaRules.Silent),
    ];

    private static readonly Dictionary<string, (JsonSchema Meta, Dialect Dialect)> Drafts = new(StringComparer.Ordinal)
    {
        [Newest] = (MetaSchemas.Draft202012, Dialect.Draft202012.With([.. Ours, new SchemaParts.Items()])),
        ["https://json-schema.org/draft/2019-09/schema"] = (MetaSchemas.Draft201909, Dialect.Draft201909.With(Ours)),
        ["http://json-schema.org/draft-07/schema"] = (MetaSchemas.Draft7, Dialect.Draft07.With(Ours)),
        ["http://json-schema.org/draft-06/schema"] = (MetaSchemas.Draft6, Dialect.Draft06.With(Ours)),

        // The library does not know it. What draft 6 says in other words (exclusiveMinimum) is refused.
        ["http://json-schema.org/draft-04/schema"] = (MetaSchemas.Draft6, Dialect.Draft06.With(Ours)),
    };

    private static readonly HashSet<string> OnlyAtRoot = ["$schema", "$id", "id"];
    private static readonly HashSet<string> OfNamedSchemas = ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];
    private static readonly HashSet<string> OfSameValue = ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"];

    private readonly Dictionary<string, JsonSchemaNode> _schemas = new(StringComparer.Ordinal);
    private readonly List<(string At, KeywordData Keyword)> _references = [];
    private readonly HashSet<JsonSchemaNode> _open = [];
    private readonly HashSet<JsonSchemaNode> _closed = [];

    private SchemaReader()
    {
    }

    /// <summary>The schema.</summary>
    /// <exception cref="SchemaException">It cannot be used.</exception>
    public static JsonSchema Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new SchemaException("it is no JSON object");
        }

        var name = root.TryGetProperty("$schema", out var said) ? said.ToString().TrimEnd('#') : Newest;
        if (!Drafts.TryGetValue(name, out var draft))
        {
            throw new SchemaException($"its $schema is {Excerpt.Of(name)}; there are {string.Join(", ", Drafts.Keys)}");
        }

        var findings = draft.Meta.Evaluate(root, new EvaluationOptions { OutputFormat = OutputFormat.Hierarchical });
        if (!findings.IsValid)
        {
            throw new SchemaException($"it is no schema of {name} (another is named by $schema): {SchemaFindings.Of(findings)}");
        }

        var schema = Build(root, draft.Dialect);
        new SchemaReader().Check(schema.Root);
        return schema;
    }

    private static JsonSchema Build(JsonElement root, Dialect dialect)
    {
        try
        {
            return JsonSchema.Build(root, new BuildOptions { Dialect = dialect, SchemaRegistry = new() });
        }
        catch (Exception e) when (e is not SchemaException)
        {
            // A word that the draft itself does not know ($defs in draft 7), wrongly used.
            throw new SchemaException($"it cannot be read: {e.Message}", e);
        }
    }

    private void Check(JsonSchemaNode root)
    {
        Look(root, "#");
        foreach (var (at, keyword) in _references)
        {
            var reference = keyword.RawValue.GetString()!;
            keyword.Subschemas = !reference.StartsWith('#') ? throw new SchemaException($"{at} refers to {Excerpt.Of(reference)}, and only references into the schema itself, '#/…', are followed")
                : _schemas.TryGetValue(Uri.UnescapeDataString(reference), out var schema) ? [schema]
                : throw new SchemaException($"{at} refers to {Excerpt.Of(reference)}, which is not there");
        }

        foreach (var (at, schema) in _schemas)
        {
            RefuseCircles(schema, at);
        }
    }

    private void Look(JsonSchemaNode schema, string at)
    {
        _schemas.Add(at, schema);
        foreach (var keyword in schema.Keywords)
        {
            var name = keyword.Handler is AnnotationKeyword ? (string)keyword.Value! : keyword.Handler.Name;
            var said = keyword.RawValue.ToString();
            if ((keyword.Handler is AnnotationKeyword && !name.StartsWith("x-", StringComparison.Ordinal)) || Refused.Contains(name) || (at != "#" && OnlyAtRoot.Contains(name)))
            {
                throw new SchemaException($"it uses {Excerpt.Of(name)} at {at}, which is not checked here. Say it in other words, or use -ExpectScript");
            }

            switch (name)
            {
                case "format" when FormatRegistry.Global.Get(said) is UnknownFormat:
                    throw new SchemaException($"{at}/format is {Excerpt.Of(said)}, which is not checked here. Say it as a pattern");
                case "$ref":
                    _references.Add(($"{at}/$ref", keyword));
                    break;
                case "$anchor":
                    _schemas.TryAdd($"#{said}", schema);
                    break;
            }

            foreach (var inner in keyword.Subschemas)
            {
                Look(inner, $"{at}/{name}{(OfNamedSchemas.Contains(name) || keyword.RawValue.ValueKind == JsonValueKind.Array ? inner.RelativePath : "")}");
            }
        }
    }

    private void RefuseCircles(JsonSchemaNode schema, string at)
    {
        if (_closed.Contains(schema))
        {
            return;
        }

        if (!_open.Add(schema) || _open.Count > Deepest)
        {
            throw new SchemaException($"{at} refers to itself without end, or to more than {Deepest} schemas one after the other");
        }

        foreach (var inner in schema.Keywords.Where(k => OfSameValue.Contains(k.Handler.Name)).SelectMany(k => k.Subschemas))
        {
            RefuseCircles(inner, at);
        }

        _open.Remove(schema);
        _closed.Add(schema);
    }
}

/// <summary>A schema that cannot be used, and why.</summary>
internal sealed class SchemaException(string message, Exception? inner = null) : Exception(message, inner);
