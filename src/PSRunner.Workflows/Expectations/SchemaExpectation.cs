using System.Text.Json;
using NJsonSchema;
using NJsonSchema.Validation;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Expectations;

/// <summary>A reply is JSON that a schema allows. Code fences around the JSON do not count: models write them unasked.</summary>
internal sealed class SchemaExpectation : Expectation
{
    private const int MostErrors = 3;

    private readonly JsonSchema _schema;

    /// <param name="json">The schema.</param>
    /// <exception cref="TestBatchException">ExpectSchemaInvalid.</exception>
    public SchemaExpectation(string json)
    {
        try
        {
            var supported = SupportedSchema.Of(json);

            // References lead nowhere but into the schema itself, so there is nothing to wait for.
            _schema = JsonSchema.FromJsonAsync(supported).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System).GetAwaiter().GetResult();
            _schema.Validate("null"); // What a reference misses is found now and not by the first reply.
        }
        catch (Exception e) when (e is not TestBatchException)
        {
            throw Invalid(json, e is JsonException broken ? $"it is no JSON: {WhatIsWrong(broken)}" : e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override string? Miss(string reply)
    {
        var json = Fences.Strip(reply).ToString();
        try
        {
            // The library's reader is more lenient than JSON is.
            using var document = JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            return $"expected JSON; it is none: {WhatIsWrong(e)}";
        }

        var errors = _schema.Validate(json);
        return errors.Count == 0 ? null
            : $"expected JSON as the schema says: {string.Join(", ", errors.Take(MostErrors).Select(Describe))}{(errors.Count > MostErrors ? $" and {errors.Count - MostErrors} more" : "")}";
    }

    /// <summary>A schema that cannot be used.</summary>
    internal static TestBatchException Invalid(string json, string why, Exception? inner = null) => new(
        "ExpectSchemaInvalid", ErrorKind.InvalidData, $"-ExpectSchema cannot be used: {why.TrimEnd('.')}. Give a JSON schema, or the path of a file that holds one.", json, inner);

    // The parser ends its message with its own fields, which count from 0.
    private static string WhatIsWrong(JsonException error) =>
        $"{error.Message.Split(" LineNumber: ")[0].TrimEnd('.')} (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1})";

    private static string Describe(ValidationError error) => $"{error.Kind} at {(error.Path is { Length: > 0 } path ? path : "#")}";
}
