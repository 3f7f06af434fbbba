using System.Text.RegularExpressions;
using PSRunner.Engine.Commands;
using PSRunner.Engine.Planning;
using PSRunner.Workflows.Expectations;
using PSRunner.Workflows.Models;

namespace PSRunner.Workflows.Cases;

/// <summary>Makes cases of plain prompts: one request, one reply, one expectation.</summary>
/// <param name="options">What is the same for all.</param>
/// <param name="models">The models that can be named.</param>
public sealed class PromptCases(PromptCaseOptions options, IModelCatalog models)
{
    /// <summary>The kind of the cases.</summary>
    public const string Kind = "prompt";

    /// <summary>Characters of a prompt that its parameter shows.</summary>
    private const int MostPromptChars = 1000;

    private const int MostKept = 256;

    // Columns that are a part of the case and not a parameter of it.
    private static readonly HashSet<string> Parts = new(
        ["Model", "Prompt", "System", "Name", "ExpectText", "Expected", "ExpectLike", "ExpectMatch", "ExpectSchema", "ExpectScript"], StringComparer.OrdinalIgnoreCase);

    private readonly IReadOnlyList<string> _known = models.Names;
    private readonly Dictionary<string, SharedDefinition> _shared = new(StringComparer.Ordinal);

    /// <summary>The cases of a prompt; whatever is wrong with it is thrown before the first.</summary>
    /// <exception cref="TestBatchException">
    /// ModelMissing, ModelUnknown, PromptMissing, ExpectationMissing, ExpectationTwice, ExpectMatchInvalid, ExpectSchemaInvalid,
    /// ExpectSchemaNotFound, PlaceholderUnknown, ParameterTwice, MatrixAxisEmpty, MatrixValueNotScalar.
    /// </exception>
    public IReadOnlyList<TestCase> Of(PromptRow row)
    {
        if (row.Model.Count == 0)
        {
            throw Invalid("ModelMissing", $"Which model is to be asked? Name it with -Model. Known: {string.Join(", ", _known)}.", null);
        }

        if (row.Prompt is not { Text.Length: > 0 } prompt)
        {
            throw Invalid("PromptMissing", "What is the model to be asked? Give -Prompt, or pipe texts, or objects with a property Prompt.", row.Values);
        }

        var expected = OneExpectation(row.Expected, prompt.Text);
        var selected = WorkflowCases.Select("Model", row.Model, _known);
        var parts = row.Values.Where(v => Parts.Contains(v.Key)).ToList();
        var always = row.Values.Where(v => !Parts.Contains(v.Key)).Concat(options.Parameters).ToList();
        return
        [
            .. from combination in ParameterMatrix.Cross(always, options.Matrix)
               from model in selected
               select Make(row, prompt, expected, model, selected.Count > 1 || row.Name is null, combination, [new(Parameters.Model, model), .. combination, .. parts]),
        ];
    }

    private static KeyValuePair<string, GivenText> OneExpectation(IReadOnlyList<KeyValuePair<string, GivenText>> given, string prompt) => given switch
    {
        [var one] => one,
        [] => throw Invalid(
            "ExpectationMissing", $"What is the reply to {Excerpt.Of(prompt)} held to? Give one of -ExpectText, -ExpectLike, -ExpectMatch, -ExpectSchema and -ExpectScript.", prompt),
        _ => throw Invalid(
            "ExpectationTwice", $"The reply to {Excerpt.Of(prompt)} is held to {string.Join(" and to ", given.Select(g => ExpectationKinds.ParameterOf(g.Key)))}. Give one of them; a script can check both.", prompt),
    };

    private TestCase Make(
        PromptRow row,
        GivenText prompt,
        KeyValuePair<string, GivenText> expected,
        string model,
        bool namesModel,
        IReadOnlyList<KeyValuePair<string, object?>> parameters,
        IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        var text = Fill(prompt, "-Prompt");
        values = [new(Parameters.Prompt, text), .. values];
        var name = row.Name is { } given ? Fill(given, "-Name") : text;
        var (value, shared) = Expect(expected.Key, expected.Value, values);
        return new TestCase(
            Kind,
            CaseName.Short(namesModel ? $"{model} {name}" : name),
            [new(Parameters.Model, model), new(Parameters.Prompt, text.Length <= MostPromptChars ? text : text[..MostPromptChars] + "…"), .. parameters])
        {
            Lane = options.Resource ?? $"model:{model}",
            TestTimeoutSeconds = options.TestTimeoutSeconds,
            Tags = options.Tag,
            Repeat = options.Repeat,
            RetryCount = options.RetryCount,
            Definition = new PromptDefinition(text, row.System is { Text.Length: > 0 } system ? Fill(system, "-System") : null, expected.Key, value).ToJson(),
            Shared = shared,
        };

        string Fill(GivenText template, string where) => template.IsTemplate ? Placeholders.Fill(template.Text, where, values) : template.Text;
    }

    /// <summary>What is expected, checked: short texts are the case's own, others are shared.</summary>
    private (string Value, SharedDefinition? Shared) Expect(string kind, GivenText expected, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        if (kind == ExpectationKinds.Script)
        {
            return ("", Share(expected.Text, expected.Text));
        }

        // Braces belong to patterns and schemas: only names that are there are placeholders, and their values are no patterns.
        var parameter = ExpectationKinds.ParameterOf(kind);
        var text = !expected.IsTemplate ? expected.Text : kind switch
        {
            ExpectationKinds.Text => Placeholders.Fill(expected.Text, parameter, values),
            ExpectationKinds.Like => Placeholders.FillKnown(expected.Text, values, Wildcard.Escape),
            ExpectationKinds.Match => Placeholders.FillKnown(expected.Text, values, Regex.Escape),
            _ => Placeholders.FillKnown(expected.Text, values, value => value),
        };
        if (kind == ExpectationKinds.Schema)
        {
            return ("", _shared.TryGetValue(text, out var known) ? known : Share(text, ReadSchema(text)));
        }

        _ = Expectation.Of(kind, text); // Throws what is wrong with it.
        return (text, null);
    }

    private SharedDefinition Share(string key, string json)
    {
        if (_shared.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_shared.Count == MostKept)
        {
            _shared.Clear();
        }

        return _shared[key] = new SharedDefinition(CaseId.Hash(json), json);
    }

    private string ReadSchema(string given)
    {
        var json = given;
        if (!given.TrimStart().StartsWith('{'))
        {
            try
            {
                json = File.ReadAllText(Path.GetFullPath(given, options.CurrentFolder));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new TestBatchException(
                    "ExpectSchemaNotFound", ErrorKind.NotFound, $"-ExpectSchema is neither JSON nor a file that can be read: {e.Message} Give a JSON schema, or the path of a file that holds one.", given, e);
            }
        }

        _ = Expectation.Of(ExpectationKinds.Schema, json);
        return json;
    }

    private static TestBatchException Invalid(string errorId, string message, object? target) => new(errorId, ErrorKind.InvalidArgument, message, target);
}
