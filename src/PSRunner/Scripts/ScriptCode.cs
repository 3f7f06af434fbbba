using System.Text.Json;
using System.Text.Json.Serialization;

namespace PSRunner.Scripts;

/// <summary>The script that many cases share, as it stands in the run folder.</summary>
internal sealed record ScriptCode
{
    /// <summary>The block's text, or the file's.</summary>
    public required string Text { get; init; }

    /// <summary>The file it came from, for $PSScriptRoot and the places of errors; empty for a block.</summary>
    public string File { get; init; } = "";

    /// <summary>The values of its <c>$using:</c> expressions by PowerShell's key for each, as CliXML; empty: it has none.</summary>
    public string Using { get; init; } = "";

    public string ToJson() => JsonSerializer.Serialize(this, ScriptJson.Default.ScriptCode);

    public static ScriptCode Parse(string json) => JsonSerializer.Deserialize(json, ScriptJson.Default.ScriptCode)!;
}

/// <summary>What one case adds to its script.</summary>
internal sealed record ScriptInput
{
    /// <summary>The input object as CliXML; null: the script runs without input.</summary>
    public string? Input { get; init; }

    /// <summary>Values that bind to the script's parameters by name beside the input, as CliXML of a hashtable; null: the input's own do.</summary>
    public string? Named { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, ScriptJson.Default.ScriptInput);

    public static ScriptInput Parse(string json) => JsonSerializer.Deserialize(json, ScriptJson.Default.ScriptInput)!;
}

/// <summary>What a runspace is prepared with before its first script.</summary>
internal sealed record ScriptSetup
{
    /// <summary>A script; null: none.</summary>
    public string? InitializationScript { get; init; }

    /// <summary>Modules by name or full path.</summary>
    public IReadOnlyList<string> Module { get; init; } = [];

    /// <summary>True when there is nothing to prepare.</summary>
    [JsonIgnore]
    public bool IsEmpty => InitializationScript is null && Module.Count == 0;

    public string ToJson() => JsonSerializer.Serialize(this, ScriptJson.Default.ScriptSetup);

    public static ScriptSetup Parse(string json) => JsonSerializer.Deserialize(json, ScriptJson.Default.ScriptSetup)!;

    /// <summary>What the options of a batch ask for.</summary>
    public static ScriptSetup Of(BatchOptions options) => new() { InitializationScript = options.InitializationScript, Module = options.Module ?? [] };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ScriptCode))]
[JsonSerializable(typeof(ScriptInput))]
[JsonSerializable(typeof(ScriptSetup))]
internal sealed partial class ScriptJson : JsonSerializerContext;
