using System.Globalization;
using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tasks;

/// <summary>Makes tasks for the tools of any registry. Pure: the same question gives the same task.</summary>
/// <remarks>
/// The work (which tools, in which order) hangs on seed, task type and instance; the difficulty only changes how vaguely
/// it is worded, so that results of different difficulties compare the wording and nothing else. How many tools a type
/// requires follows the old runner's library, 2 to 6.
/// </remarks>
internal sealed class TaskGenerator(ToolRegistry registry)
{
    private const double RelatedShare = 0.6;

    /// <summary>What decides which tools a type of task is made of.</summary>
    private static readonly Dictionary<string, Shape> Shapes = new(StringComparer.Ordinal)
    {
        ["simple_task"] = new([2, 3, 3, 3], [], Spread: false),
        ["basic_task"] = new([3, 3, 3, 4], [], Spread: false),
        ["data_pipeline"] = new([3, 4, 4, 5], ["data", "record", "file", "math", "comput"], Spread: false),
        ["api_integration"] = new([3, 3, 3, 4], ["web", "network", "service", "integration", "api"], Spread: false),
        ["multi_stage_pipeline"] = new([4, 5, 5, 6], [], Spread: true),
    };

    /// <summary>Makes a task.</summary>
    /// <param name="taskType">One of <see cref="TaskTypes"/>.</param>
    /// <param name="difficulty">One of <see cref="Difficulties"/>.</param>
    /// <param name="seed">The batch's seed.</param>
    /// <param name="instance">From 1.</param>
    public WorkflowTask Generate(string taskType, string difficulty, long seed, int instance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(instance, 1);
        if (!Shapes.TryGetValue(taskType, out var shape))
        {
            throw new ArgumentException($"'{taskType}' is no task type.", nameof(taskType));
        }

        var id = string.Create(CultureInfo.InvariantCulture, $"{taskType}-{seed}-{instance}");
        var tools = InOrder(Draw(shape, new SeededRandom($"task-work/{id}")));
        var description = TaskWording.Write(taskType, difficulty, tools, $"task-wording/{id}");
        return new WorkflowTask(id, taskType, difficulty, description, [.. tools.Select(tool => tool.Name)]);
    }

    private List<ToolDefinition> Draw(Shape shape, SeededRandom random)
    {
        var count = Math.Min(random.Pick(shape.Counts), registry.All.Count);
        var pool = registry.All.Where(tool => shape.Topics.Any(topic => tool.Category.Contains(topic, StringComparison.OrdinalIgnoreCase))).ToList();
        if (pool.Count <= count)
        {
            pool = [.. registry.All];
        }

        var drawn = new List<ToolDefinition>();
        while (drawn.Count < count)
        {
            var left = pool.Where(tool => !drawn.Contains(tool)).ToList();
            var related = left.Where(tool => drawn.Any(other => DependsOn(tool, other) || DependsOn(other, tool))).ToList();
            var fresh = shape.Spread ? left.Where(tool => drawn.All(other => other.Category != tool.Category)).ToList() : left;
            drawn.Add(related.Count > 0 && random.NextDouble() < RelatedShare ? random.Pick(related) : random.Pick(fresh.Count > 0 ? fresh : left));
        }

        return drawn;
    }

    // Dependencies first, else as the registry lists them: a registry is written as work flows.
    private List<ToolDefinition> InOrder(List<ToolDefinition> drawn)
    {
        var waiting = registry.All.Where(drawn.Contains).ToList();
        var ordered = new List<ToolDefinition>();
        while (waiting.Count > 0)
        {
            var next = waiting.First(tool => !waiting.Any(other => DependsOn(tool, other)));
            waiting.Remove(next);
            ordered.Add(next);
        }

        return ordered;
    }

    private static bool DependsOn(ToolDefinition tool, ToolDefinition other) => tool.Dependencies.Contains(other.Name);

    /// <param name="Counts">Numbers of tools, all equally likely.</param>
    /// <param name="Topics">Parts of the names of the categories to draw from; empty: all.</param>
    /// <param name="Spread">Prefer categories that are not in the task yet.</param>
    private sealed record Shape(int[] Counts, string[] Topics, bool Spread);
}
