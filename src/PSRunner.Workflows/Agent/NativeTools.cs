using System.Text.Json;
using Microsoft.Extensions.AI;
using PSRunner.Workflows.Expectations;

namespace PSRunner.Workflows.Agent;

/// <summary>The three actions as native functions, so that tags and function calling differ in syntax alone.</summary>
internal static class NativeTools
{
    private const string Search = "tool_search", Info = "tool_info", Call = "tool_call";

    /// <summary>The declarations; nobody invokes them but the loop.</summary>
    public static IList<AITool> Declarations { get; } =
    [
        AIFunctionFactory.CreateDeclaration(Search, "Finds tools by words.", Schema(
            """{"type":"object","properties":{"words":{"type":"string","description":"What the tool should do."}},"required":["words"]}""")),
        AIFunctionFactory.CreateDeclaration(Info, "Shows one tool in full.", Schema(
            """{"type":"object","properties":{"name":{"type":"string","description":"The tool's exact name."}},"required":["name"]}""")),
        AIFunctionFactory.CreateDeclaration(Call, "Runs one tool.", Schema(
            """{"type":"object","properties":{"name":{"type":"string","description":"The tool's exact name."},"arguments":{"type":"object","description":"Its arguments."}},"required":["name"]}""")),
    ];

    /// <summary>Reads function calls; a call by a tool's own name counts as a call of it.</summary>
    public static ParsedReply Read(IReadOnlyList<FunctionCallContent> calls, IReadOnlySet<string> toolNames)
    {
        var actions = new List<AgentAction>();
        var refused = new List<RefusedAction>();
        foreach (var call in calls.Take(ReplyParser.MaxActions))
        {
            var (kind, text) = call.Name switch
            {
                Search => (ActionKind.Search, Argument(call, "words").Trim()),
                Info => (ActionKind.Info, Argument(call, "name")),
                Call => (ActionKind.Call, Argument(call, "name")),
                _ => (ActionKind.Call, call.Name),
            };
            if (kind == ActionKind.Search ? text.Length == 0 : !toolNames.Contains(text))
            {
                refused.Add(text.Length == 0
                    ? new RefusedAction(kind, "", "it is empty")
                    : new RefusedAction(kind, text.Length <= 200 ? text : text[..200], $"there is no tool {Excerpt.Of(text)}", IsUnknownTool: true));
                continue;
            }

            var arguments = kind != ActionKind.Call ? null : call.Name == Call ? ArgumentText.Read(Argument(call, "arguments")) : Json(call.Arguments);
            actions.Add(new AgentAction(kind, text, arguments, CallId: call.CallId));
        }

        return new ParsedReply(actions, refused, 0);
    }

    /// <summary>A call as one line of JSON, for the transcript.</summary>
    public static string Json(FunctionCallContent call) => $$"""{"function":"{{JsonEncodedText.Encode(call.Name)}}","arguments":{{Json(call.Arguments)}}}""";

    private static string Json(IDictionary<string, object?>? arguments) =>
        arguments is null ? "{}" : "{" + string.Join(',', arguments.Select(a => $"\"{JsonEncodedText.Encode(a.Key)}\":{Value(a.Value)}")) + "}";

    private static string Value(object? value) => value switch
    {
        null => "null",
        JsonElement element => element.GetRawText(),
        bool flag => flag ? "true" : "false",
        IFormattable number and (int or long or double or decimal) => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => $"\"{JsonEncodedText.Encode(value.ToString() ?? "")}\"",
    };

    private static string Argument(FunctionCallContent call, string name) =>
        call.Arguments is { } arguments && arguments.TryGetValue(name, out var value) ? Text(value) : "";

    /// <summary>An argument as text; JSON for what is more than text.</summary>
    public static string Text(object? value) => value switch
    {
        null => "",
        JsonElement element => element.ValueKind == JsonValueKind.String ? TextOf(element) : element.GetRawText(),
        _ => value.ToString() ?? "",
    };

    // Half a surrogate pair, written as an escape, is JSON and no text.
    private static string TextOf(JsonElement element)
    {
        try
        {
            return element.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return element.GetRawText();
        }
    }

    private static JsonElement Schema(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
