using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tasks;

/// <summary>The one definition of a completed task. Planner, agent loop and scoring all ask here.</summary>
/// <remarks>
/// <para>
/// A required tool is <i>done</i> by a run that succeeded when all its dependencies that the task requires too were done
/// before. A task is completed when all its required tools are done; in other words, when its successful runs contain
/// all required tools in an order that respects the dependencies among them.
/// </para>
/// <para>
/// Dependencies that the task does not require only change the odds (<see cref="ToolOdds"/>): they are worth a turn when
/// they raise the chance of success, and no task fails for want of them. A success that came too early does not count and
/// does no harm: the tool may run again. The order in which a task lists its tools is not judged here; the old runner's
/// level "full" judges it.
/// </para>
/// </remarks>
internal static class TaskCompletion
{
    /// <summary>True when all required tools are done.</summary>
    public static bool IsCompleted(IReadOnlyCollection<string> required, ToolRegistry registry, IEnumerable<ToolRun> runs) =>
        Done(required, registry, runs).Count == required.Distinct(StringComparer.Ordinal).Count();

    /// <summary>The required tools that are done, in the order in which they got done.</summary>
    /// <param name="required">Names of the task's required tools.</param>
    /// <param name="registry">Knows the dependencies.</param>
    /// <param name="runs">The runs in their order.</param>
    public static IReadOnlyList<string> Done(IReadOnlyCollection<string> required, ToolRegistry registry, IEnumerable<ToolRun> runs)
    {
        var done = new List<string>();
        foreach (var run in runs)
        {
            if (run.Succeeded && required.Contains(run.Tool) && !done.Contains(run.Tool)
                && registry.Find(run.Tool) is { } tool && RequiredDependencies(tool, required).All(done.Contains))
            {
                done.Add(run.Tool);
            }
        }

        return done;
    }

    /// <summary>The dependencies of a tool that must be done before its success counts.</summary>
    public static IEnumerable<string> RequiredDependencies(ToolDefinition tool, IReadOnlyCollection<string> required) =>
        tool.Dependencies.Where(required.Contains);
}
