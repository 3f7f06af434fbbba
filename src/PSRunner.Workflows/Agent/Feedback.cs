using System.Globalization;
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

    /// <summary>The reply held a tag that could not be read.</summary>
    public static string Unreadable(UnreadableAction action) =>
        $"Nothing was done: your <{TagScanner.NameOf(action.Kind)}> could not be read, because {action.Reason}. "
        + "Write <tool_call>exact_tool_name</tool_call> to run a tool, <tool_info>exact_tool_name</tool_info> to read about one, "
        + "<tool_search>words</tool_search> to find one.";

    /// <summary>The reply asked for nothing.</summary>
    public const string NoAction =
        "Nothing was done: your message holds no action. To go on, write one of <tool_call>exact_tool_name</tool_call>, "
        + "<tool_info>exact_tool_name</tool_info> or <tool_search>words</tool_search>. If everything is done, write TASK_COMPLETED.";

    /// <summary>The answer to a native function call that was not carried out.</summary>
    public const string NotCarriedOut = "Not carried out: only the first call of a message is.";

    private static string Line(ToolDefinition tool) => tool.Dependencies.Count == 0
        ? $"- {tool.Name}: {tool.Description}"
        : $"- {tool.Name}: {tool.Description} {WorksBestAfter}{string.Join(", ", tool.Dependencies)}";
}
