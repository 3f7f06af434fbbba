using System.Text.Json;
using System.Text.Json.Serialization;

namespace PSRunner;

/// <summary>One part of a test that tells its parts apart: an It of a Pester file.</summary>
public sealed class TestStep
{
    /// <summary>Its name with those of the blocks around it.</summary>
    public required string Name { get; init; }

    /// <summary>Passed, Failed, Skipped, or NotRun: the test ended before it.</summary>
    public required string Outcome { get; init; }

    /// <summary>Seconds; NaN when it did not end.</summary>
    public double DurationSeconds { get; init; } = double.NaN;

    /// <summary>Why, in words; empty when there is nothing to say.</summary>
    public string Message { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Outcome} {Name}";
}

/// <summary>A line of <c>steps.jsonl</c>: a step as it was last heard of.</summary>
internal sealed record StepLine(int Id, string Name, string Outcome, double? DurationSeconds, string Message)
{
    /// <summary>The artifact that holds them.</summary>
    public const string FileName = "steps.jsonl";

    /// <summary>A step that was found and has not ended.</summary>
    public const string NotRun = "NotRun";

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, StepJson.Default.StepLine);

    /// <summary>Reads a line; null when it is none.</summary>
    public static StepLine? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, StepJson.Default.StepLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The steps of a file, in their order.</summary>
    public static IReadOnlyList<TestStep> ReadAll(string path) =>
        [.. File.ReadLines(path).Select(line => Parse(System.Text.Encoding.UTF8.GetBytes(line))).OfType<StepLine>().Select(line => line.ToStep())];

    private TestStep ToStep() => new() { Name = Name, Outcome = Outcome, DurationSeconds = DurationSeconds ?? double.NaN, Message = Message };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StepLine))]
internal sealed partial class StepJson : JsonSerializerContext;
