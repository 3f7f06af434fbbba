using System.Diagnostics;
using System.Text.Json;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Expectations;

/// <summary>A reply is JSON that a schema allows. Code fences around the JSON do not count: models write them unasked.</summary>
internal sealed class SchemaExpectation : Expectation
{
    private const int MostErrors = 3;

    // The deepest JSON that is looked at; a schema that refers to itself goes as deep.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 128 };
    private static readonly JsonDocumentOptions Lenient = new() { MaxDepth = 64, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly Schema _schema;

    /// <param name="json">The schema.</param>
    /// <exception cref="TestBatchException">ExpectSchemaInvalid.</exception>
    public SchemaExpectation(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Lenient);
            _schema = SchemaReader.Read(document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw Invalid(json, $"it is no JSON: {WhatIsWrong(e)}", e);
        }
        catch (SchemaException e)
        {
            throw Invalid(json, e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override string? Miss(string reply)
    {
        try
        {
            using var document = JsonDocument.Parse(Fences.Strip(reply).ToString(), Strict);
            if (HasHalfCharacter(document.RootElement))
            {
                return "expected JSON; it is none: a text in it holds half a character";
            }

            var found = new SchemaFindings(MostErrors, Stopwatch.StartNew());
            _schema.Check(document.RootElement, "#", found);
            return found.Count == 0 ? null
                : $"expected JSON as the schema says: {string.Join(", ", found.Kept)}{(found.Count > MostErrors ? $" and {found.Count - MostErrors} more" : "")}";
        }
        catch (JsonException e)
        {
            return $"expected JSON; it is none: {WhatIsWrong(e)}";
        }
    }

    /// <summary>An emoji that was cut is written \ud83d and cannot be read as text by anyone; the parser says so only when it is asked for it.</summary>
    private static bool HasHalfCharacter(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is null,
                JsonValueKind.Array => value.EnumerateArray().Any(HasHalfCharacter),
                JsonValueKind.Object => value.EnumerateObject().Any(p => p.Name is null || HasHalfCharacter(p.Value)),
                _ => false,
            };
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private static TestBatchException Invalid(string json, string why, Exception inner) => new(
        "ExpectSchemaInvalid", ErrorKind.InvalidData, $"-ExpectSchema cannot be used: {why.TrimEnd('.')}. Give a JSON schema, or the path of a file that holds one.", json, inner);

    // The parser ends its message with its own fields, which count from 0.
    private static string WhatIsWrong(JsonException error) =>
        $"{error.Message.Split(" LineNumber: ")[0].TrimEnd('.')} (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1})";
}
