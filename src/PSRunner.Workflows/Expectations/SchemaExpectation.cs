using System.Text.Json;
using Json.Schema;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Expectations;

/// <summary>A reply is JSON that a schema allows. Code fences around the JSON do not count: models write them unasked.</summary>
internal sealed class SchemaExpectation : Expectation
{
    /// <summary>Of a longer reply it is not said where it does not fit.</summary>
    private const int MostExplained = 200_000;

    /// <summary>The library copies names to the stack; one of a million characters ended the process.</summary>
    private const int MostOfName = 10_000;

    private const int MostOfError = 600;

    // The deepest JSON that is looked at. Readers differ in which of two values of one name they take.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 128, AllowDuplicateProperties = false };
    private static readonly JsonDocumentOptions Lenient = new() { MaxDepth = 64, AllowDuplicateProperties = false, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly JsonSchema _schema;

    /// <param name="json">The schema.</param>
    /// <exception cref="TestBatchException">ExpectSchemaInvalid.</exception>
    public SchemaExpectation(string json)
    {
        try
        {
            _schema = SchemaReader.Read(Read(json, Lenient));
        }
        catch (FormatException e)
        {
            throw Invalid(json, $"it is no JSON: {e.Message}", e);
        }
        catch (SchemaException e)
        {
            throw Invalid(json, e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override string? Miss(string reply)
    {
        JsonElement value;
        try
        {
            value = Read(Fences.Strip(reply).ToString(), Strict);
        }
        catch (FormatException e)
        {
            return $"expected JSON; it is none: {e.Message}";
        }

        // Asked for a verdict alone, the library keeps little; asked where, a thousand bytes for each value and schema.
        var clock = new SchemaClock { OutputFormat = OutputFormat.Flag };
        return _schema.Evaluate(value, clock).IsValid ? null : $"expected JSON as the schema says{(reply.Length <= MostExplained ? Where(value, clock) : "")}";
    }

    private string Where(JsonElement value, SchemaClock clock)
    {
        try
        {
            clock.OutputFormat = OutputFormat.Hierarchical;
            return $": {SchemaFindings.Of(_schema.Evaluate(value, clock))}";
        }
        catch (TimeoutException)
        {
            // That it does not fit is known.
            return "";
        }
    }

    /// <exception cref="FormatException">It is no JSON, or none that can be looked at.</exception>
    private static JsonElement Read(string json, JsonDocumentOptions options)
    {
        try
        {
            var value = JsonElement.Parse(json, options);
            ReadTexts(value);
            return value;
        }
        catch (JsonException e)
        {
            // The parser ends its message with its own fields, which count from 0.
            throw new FormatException(Excerpt.Line(e.Message.Split(" LineNumber: ")[0].TrimEnd('.')) + (e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine + 1})" : ""), e);
        }
        catch (InvalidOperationException e)
        {
            // An emoji that was cut is written \ud83d; the parser says so only when it is asked for the text.
            throw new FormatException("a text in it holds half a character", e);
        }
    }

    /// <summary>Reads every text.</summary>
    private static void ReadTexts(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            _ = value.GetString();
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                ReadTexts(item);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject())
            {
                if (property.Name.Length > MostOfName)
                {
                    throw new FormatException($"a name in it has more than {MostOfName} characters");
                }

                ReadTexts(property.Value);
            }
        }
    }

    private static TestBatchException Invalid(string json, string why, Exception inner) => new(
        "ExpectSchemaInvalid", ErrorKind.InvalidData, $"-ExpectSchema cannot be used: {Excerpt.Line(why.TrimEnd('.'), MostOfError)}. Give a JSON schema, or the path of a file that holds one.", json, inner);
}
