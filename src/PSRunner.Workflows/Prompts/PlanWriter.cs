using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Prompts;

/// <summary>Turns a list of tools into a plan that can be shown: arguments, reasons and the flow of data from step to step.</summary>
internal static class PlanWriter
{
    /// <summary>Writes a plan.</summary>
    /// <param name="tools">Tool names in their order; a tool may stand twice.</param>
    /// <param name="registry">Holds them.</param>
    /// <param name="seed">Decides the arguments.</param>
    /// <remarks>A step works on the output of the latest step before it that it depends on, else on that of the step before.</remarks>
    public static ShownPlan Write(IReadOnlyList<string> tools, ToolRegistry registry, string seed)
    {
        var definitions = tools.Select(name => registry.Find(name) ?? throw new ArgumentException($"'{name}' is not in the registry.", nameof(tools))).ToList();
        return new ShownPlan([.. definitions.Select((tool, index) => new PlanStep(
            tool.Name,
            SampleArguments.For(tool, seed),
            Reason(tool, definitions.Skip(index + 1)),
            Source(tool, definitions, index)))]);
    }

    private static string Reason(ToolDefinition tool, IEnumerable<ToolDefinition> later) =>
        OneLine(ToolPhrase.Of(tool)) + (later.FirstOrDefault(other => other.Dependencies.Contains(tool.Name)) is { } dependent ? $", which {dependent.Name} builds on" : "");

    private static int? Source(ToolDefinition tool, List<ToolDefinition> tools, int index)
    {
        if (index == 0)
        {
            return null;
        }

        var dependency = tools.FindLastIndex(index - 1, other => tool.Dependencies.Contains(other.Name));
        return (dependency < 0 ? index - 1 : dependency) + 1;
    }

    // Words of a file that a user brought must not break the lines of the plan.
    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
