using System.Text.Json.Serialization;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Cases;

namespace PSRunner.Workflows;

/// <summary>How our own records look as JSON: snake_case, words for enums, NaN as a word.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TranscriptLine))]
[JsonSerializable(typeof(WorkflowDefinition))]
[JsonSerializable(typeof(PromptDefinition))]
internal sealed partial class WorkflowJson : JsonSerializerContext;
