using System.Globalization;
using System.Text;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Prompts;

/// <summary>Writes the first two messages of a test. Without a plan nothing in them names a tool.</summary>
internal static class PromptRenderer
{
    /// <summary>What a model says when it is done.</summary>
    public const string CompletionPhrase = "TASK_COMPLETED";

    private const string TagSyntax =
        """
        Three tags make something happen. Write one of them and wait for the answer:
        - <tool_search>words</tool_search> lists tools that fit the words.
        - <tool_info>tool_name</tool_info> shows one tool with its parameters.
        - <tool_call>tool_name {"parameter": "value"}</tool_call> runs one tool; the JSON object may be left out when defaults will do.
        """;

    private const string NativeSyntax =
        "Search for tools, look at one and run one by calling the functions you are given; wait for the answer of each.";

    /// <param name="task">The task; its required tools are not shown.</param>
    /// <param name="type">Decides whether the plan is shown and whether reasoning is asked for.</param>
    /// <param name="plan">The plan to show, right or damaged; must be there when the type shows one.</param>
    /// <param name="registry">Its categories are told.</param>
    /// <param name="maxTurns">The number of replies the model has.</param>
    /// <param name="nativeCalls">True: tools are offered as functions of the API, and the tags are not mentioned.</param>
    public static RenderedPrompt Render(WorkflowTask task, PromptType type, ShownPlan? plan, ToolRegistry registry, int maxTurns, bool nativeCalls)
    {
        if (type.ShowsPlan != plan is not null)
        {
            throw new ArgumentException($"Prompt type {type.Name} {(type.ShowsPlan ? "needs" : "shows")} {(type.ShowsPlan ? "a" : "no")} plan.", nameof(plan));
        }

        return new RenderedPrompt(System(registry, maxTurns, nativeCalls), User(task, type, plan), plan);
    }

    private static string System(ToolRegistry registry, int maxTurns, bool nativeCalls) => string.Create(CultureInfo.InvariantCulture, $"""
        You carry out tasks with tools.

        {(nativeCalls ? NativeSyntax : TagSyntax)}

        Rules:
        - One tool a reply. You have {maxTurns} replies in all.
        - Some tools work well only after others have succeeded; what you are shown of a tool names them.
        - A tool can fail through no fault of yours; it may be run again.
        - When everything is done, and only then, write {CompletionPhrase}.

        The tools belong to these categories: {string.Join(", ", registry.Categories)}.
        """).ReplaceLineEndings("\n");

    private static string User(WorkflowTask task, PromptType type, ShownPlan? plan)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Task type: {task.TaskType}\n\n## Task\n{PlainText(task.Description)}\n\n");
        if (plan is not null)
        {
            text.Append(PlanSection.Write(plan)).Append('\n');
        }

        if (type.AsksForReasoning)
        {
            text.Append("Think step by step. Begin each reply with a part headed \"Reasoning:\" that says what is done, what is left and why you choose the next tool; then act.\n\n");
        }

        return text.Append(plan is null ? "Begin by searching for a tool." : "Begin with the first tool of the plan.").ToString();
    }

    // A task's text must not pass for a plan.
    private static string PlainText(string description) => string.Join(
        '\n', description.ReplaceLineEndings("\n").Trim().Split('\n').Select(line => line == PlanSection.Heading ? line.TrimStart('#', ' ') : line));
}
