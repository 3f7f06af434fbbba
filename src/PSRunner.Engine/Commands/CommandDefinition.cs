using System.Text.Json;
using System.Text.Json.Serialization;

namespace PSRunner.Engine.Commands;

/// <summary>What a command case holds beside its parameters: the call, with every placeholder filled.</summary>
internal sealed record CommandDefinition
{
    /// <summary>A full path, or a bare name that is looked up in PATH.</summary>
    public required string Program { get; init; }

    /// <summary>The arguments, each passed as it is.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>A full path; null: a scratch folder of the attempt.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables on top of the runner's own; null removes one.</summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; init; }

    /// <summary>Variables whose values are read from the runner's own variables when an attempt starts, and never stored.</summary>
    public IReadOnlyDictionary<string, string>? Secrets { get; init; }

    /// <summary>What the program reads from its standard input; null: nothing.</summary>
    public string? StandardInput { get; init; }

    /// <summary>The definition as it stands in a plan.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CommandJson.Default.CommandDefinition);

    /// <summary>Reads the definition of a case.</summary>
    /// <exception cref="TestBatchException">It is none.</exception>
    public static CommandDefinition Of(TestCase testCase)
    {
        try
        {
            return JsonSerializer.Deserialize(testCase.Definition, CommandJson.Default.CommandDefinition) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new TestBatchException(
                "CommandCaseBroken", ErrorKind.InvalidData,
                $"The definition of command case '{testCase.Name}' cannot be read: {e.Message} Make cases with New-CommandTest.", testCase, e);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CommandDefinition))]
internal sealed partial class CommandJson : JsonSerializerContext;
