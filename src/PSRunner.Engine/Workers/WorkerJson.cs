using System.Text.Json.Serialization;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Workers;

/// <summary>A case as a worker gets it.</summary>
internal sealed record WorkerCase
{
    /// <summary>Names it among the cases of its worker; its report repeats it.</summary>
    public required int Number { get; init; }

    /// <summary>The case's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its definition: JSON as text.</summary>
    public required string Definition { get; init; }

    /// <summary>The hash of the text it shares with others; empty when there is none.</summary>
    public string SharedHash { get; init; } = "";

    /// <summary>The empty folder it works in; a full path.</summary>
    public required string Folder { get; init; }

    /// <summary>The text it shares; known at the worker's end.</summary>
    [JsonIgnore]
    public string SharedText { get; init; } = "";
}

/// <summary>What a worker tells of a case that ended, and of itself.</summary>
internal sealed record WorkerReport
{
    /// <summary>The case's number: a report that comes late must not become another case's.</summary>
    public required int Number { get; init; }

    /// <summary>How the test ended.</summary>
    public required AttemptReport Result { get; init; }

    /// <summary>True when the test left what the next must not find: processes that run, or what cannot be undone.</summary>
    public bool IsSpent { get; init; }

    /// <summary>Bytes of memory that the worker holds.</summary>
    public long Memory { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(WorkerCase))]
[JsonSerializable(typeof(WorkerReport))]
internal sealed partial class WorkerJson : JsonSerializerContext;
