using System.Text.Json;

namespace PSRunner.ModelServer;

/// <summary>A chat completion request as it came.</summary>
/// <param name="Model">The model.</param>
/// <param name="Messages">The conversation.</param>
/// <param name="Stream">Whether the answer is to come in pieces.</param>
/// <param name="Tools">The names of the functions that may be called.</param>
/// <param name="Key">The API key.</param>
public sealed record ChatRequest(string Model, IReadOnlyList<ChatLine> Messages, bool Stream, IReadOnlyList<string> Tools, string Key)
{
    /// <summary>About how many tokens the conversation has.</summary>
    public int Tokens => 1 + (Messages.Sum(m => m.Text.Length) / 4);

    /// <summary>Reads the body; null when it is no chat completion request.</summary>
    public static ChatRequest? Read(ReadOnlyMemory<byte> body, string key)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return new ChatRequest(
                root.GetProperty("model").GetString()!,
                [.. root.GetProperty("messages").EnumerateArray().Select(m => new ChatLine(m.GetProperty("role").GetString()!, Text(m)))],
                root.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True,
                root.TryGetProperty("tools", out var tools) ? [.. tools.EnumerateArray().Select(t => t.GetProperty("function").GetProperty("name").GetString()!)] : [],
                key);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Text(JsonElement message) => message.TryGetProperty("content", out var content) ? content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(part => part.TryGetProperty("text", out var text) ? text.GetString() : "")),
        _ => "",
    }
    : "";
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Text">Its text.</param>
public sealed record ChatLine(string Role, string Text);

/// <summary>What the wit behind the server says.</summary>
/// <param name="Text">The text; empty when it only calls functions.</param>
public sealed record ChatReply(string Text)
{
    /// <summary>What it thought; sent as reasoning_content when not empty.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>Why it ends; null: as it is usual.</summary>
    public string? Finish { get; init; }

    /// <summary>Native function calls.</summary>
    public IReadOnlyList<ChatCall> Calls { get; init; } = [];
}

/// <summary>A native function call.</summary>
/// <param name="Name">The function.</param>
/// <param name="Arguments">Its arguments as JSON text.</param>
public sealed record ChatCall(string Name, string Arguments);
