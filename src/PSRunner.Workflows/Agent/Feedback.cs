using System.Globalization;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Agent;

/// <summary>What the loop answers a model. Says nothing of what the task requires.</summary>
internal static class Feedback
{
    /// <summary>What the line with a run's result begins with.</summary>
    public const string ResultOf = "Result of ";

    /// <summary>What stands before the tools that a tool depends on.</summary>
    public const string WorksBestAfter = "Works best after: ";

    /// <summary>The tools that a search found, one a line.</summary>
    public static string Found(string words, IReadOnlyList<ToolDefinition> tools) => tools.Count == 0
        ? $"No tool matches \"{words}\". Try other words."
        : $"Tools that match \"{words}\":\n{string.Join('\n', tools.Select(Line))}";

    /// <summary>One tool in full.</summary>
    public static string Details(ToolDefinition tool)
    {
        var parameters = tool.Parameters.Select(p =>
            $"  {p.Name} ({p.Type}, {(p.Required ? "required" : $"optional, default {p.DefaultJson ?? "none"}")}): {p.Description}");
        return $"{Line(tool)}\nParameters:\n{string.Join('\n', parameters)}\nMay fail with: {string.Join(", ", tool.ErrorCodes)}";
    }

    /// <summary>How a run ended.</summary>
    public static string Of(ToolRun run) => run.Succeeded
        ? $"{ResultOf}{run.Tool}: success\n{run.Output}"
        : $"{ResultOf}{run.Tool}: error {run.ErrorCode}\n{run.Output}";

    /// <summary>Added when a reply asked for more than one thing.</summary>
    public static string OnlyTheFirst(int ignored) => string.Create(
        CultureInfo.InvariantCulture,
        $"Only the first action of a message is carried out; {ignored} more in yours {(ignored == 1 ? "was" : "were")} not. Send one action, wait for its result, then send the next.");

    /// <summary>The reply asked for something that cannot be done.</summary>
    /// <param name="action">What.</param>
    /// <param name="native">True: the model was offered functions and has never heard of tags.</param>
    public static string Refused(RefusedAction action, bool native)
    {
        var name = TagScanner.NameOf(action.Kind);
        var what = native ? $"{name} call" : $"<{name}>";
        return $"Nothing was done: {(action.IsUnknownTool ? action.Reason : $"your {what} could not be read, because {action.Reason}")}. {HowToAct(native)}";
    }

    /// <summary>The reply asked for nothing.</summary>
    /// <param name="native">As above.</param>
    public static string NoAction(bool native) =>
        $"Nothing was done: your message holds no action. {HowToAct(native)} If everything is done, write {PromptRenderer.CompletionPhrase}.";

    private static string HowToAct(bool native) => native
        ? "Call tool_call with the exact name of a tool to run it, tool_info to read about one, tool_search with words to find one."
        : "Write <tool_call>exact_tool_name</tool_call> to run a tool, <tool_info>exact_tool_name</tool_info> to read about one, <tool_search>words</tool_search> to find one.";

    /// <summary>The answer to a native function call that was not carried out.</summary>
    public const string NotCarriedOut = "Not carried out: only the first call of a message is.";

    private static string Line(ToolDefinition tool) => tool.Dependencies.Count == 0
        ? $"- {tool.Name}: {tool.Description}"
        : $"- {tool.Name}: {tool.Description} {WorksBestAfter}{string.Join(", ", tool.Dependencies)}";
}
