using System.Globalization;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Tools;

/// <summary>What a simulated tool says: one line of JSON, as a real one would give it to a model.</summary>
internal static class SimulatedOutput
{
    public static string OfSuccess(ToolDefinition tool, SeededRandom random) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"status": "ok", "tool": "{{tool.Name}}", "items": {{1 + random.Next(500)}}, "result": "{{tool.Name}}-{{random.NextBits() & 0xFFFFFF:x6}}"}""");

    public static string OfFailure(ToolDefinition tool, string code) =>
        $$"""{"status": "error", "tool": "{{tool.Name}}", "code": "{{code}}", "message": "{{Explain(code)}}"}""";

    // A code says what happened; words that are known get a sentence, others are spelled out.
    private static string Explain(string code) => code.ToUpperInvariant() switch
    {
        var c when c.Contains("TIMEOUT", StringComparison.Ordinal) => "No answer within the time allowed; it may work on another try.",
        var c when c.Contains("NOT_FOUND", StringComparison.Ordinal) => "What was asked for is not there at the moment.",
        var c when c.Contains("DENIED", StringComparison.Ordinal) || c.Contains("AUTH", StringComparison.Ordinal) => "Access was refused this time.",
        var c when c.Contains("INVALID", StringComparison.Ordinal) => "The data was not accepted.",
        _ => $"The run failed: {code.Replace('_', ' ').ToLowerInvariant()}.",
    };
}
