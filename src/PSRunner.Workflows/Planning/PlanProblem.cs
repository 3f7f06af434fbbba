using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Planning;

/// <summary>What a plan is made of: the tools that may be worth a turn, as numbers with sets of bits.</summary>
internal sealed class PlanProblem
{
    /// <summary>Sets of tools are bits of an int.</summary>
    public const int MaxRequired = 30;

    private readonly IReadOnlyList<ToolDefinition> _tools;
    private readonly int _requiredCount;

    private PlanProblem(IReadOnlyList<ToolDefinition> tools, int requiredCount, IReadOnlyList<string> dropped, bool droppedAreMet = false)
    {
        (_tools, _requiredCount) = (tools, requiredCount);
        Names = [.. tools.Select(tool => tool.Name)];
        Required = (1 << requiredCount) - 1;
        Dropped = dropped;
        var number = tools.Select((tool, index) => (tool.Name, index)).ToDictionary(StringComparer.Ordinal);
        var required = Names.Take(requiredCount).ToList();
        Dependencies = [.. tools.Select(tool => Bits(tool.Dependencies))];
        MustPrecede = [.. tools.Select((tool, index) => index < requiredCount ? Bits(TaskCompletion.RequiredDependencies(tool, required)) : 0)];
        Outside = [.. tools.Select(tool => tool.Dependencies.Distinct(StringComparer.Ordinal).Count(name => !number.ContainsKey(name) && !droppedAreMet))];
        Dependents = [.. tools.Select((_, index) => Enumerable.Range(0, tools.Count).Where(other => (Dependencies[other] >> index & 1) == 1).Aggregate(0, (bits, other) => bits | 1 << other))];

        int Bits(IEnumerable<string> names) => names.Where(number.ContainsKey).Aggregate(0, (bits, name) => bits | 1 << number[name]);
    }

    /// <summary>The tools: first the required ones in the task's order, then the dependencies worth a thought, nearest first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The set of required tools.</summary>
    public int Required { get; }

    /// <summary>For each tool the set of its dependencies.</summary>
    public IReadOnlyList<int> Dependencies { get; }

    /// <summary>For each tool the dependencies without which its success does not count (<see cref="TaskCompletion"/>).</summary>
    public IReadOnlyList<int> MustPrecede { get; }

    /// <summary>For each tool the number of dependencies outside of the problem: always unmet.</summary>
    public IReadOnlyList<int> Outside { get; }

    /// <summary>For each tool the set of tools that depend on it.</summary>
    public IReadOnlyList<int> Dependents { get; }

    /// <summary>Dependencies that found no room.</summary>
    public IReadOnlyList<string> Dropped { get; }

    /// <summary>The required tools and all they depend on, directly or not, as far as there is room.</summary>
    /// <exception cref="TestBatchException">TaskToolUnknown.</exception>
    public static PlanProblem Of(IReadOnlyList<string> requiredTools, ToolRegistry registry)
    {
        var tools = requiredTools.Distinct(StringComparer.Ordinal).Select(name => Find(name, registry)).ToList();
        var requiredCount = tools.Count;
        if (requiredCount is 0 or > MaxRequired)
        {
            throw new TestBatchException("TaskTooLarge", ErrorKind.LimitReached,
                $"A task requires {requiredCount} tools; 1 to {MaxRequired} can be planned. Split the task.", requiredCount);
        }

        // Breadth first: a direct dependency halves the odds of a required tool, a dependency's dependency only those of a helper.
        for (var i = 0; i < tools.Count; i++)
        {
            tools.AddRange(tools[i].Dependencies.Distinct(StringComparer.Ordinal).Select(name => Find(name, registry)).Where(tool => !tools.Contains(tool)).ToList());
        }

        var room = Math.Max(requiredCount, WorkflowPlanner.MaxTools);
        return new PlanProblem([.. tools.Take(room)], requiredCount, [.. tools.Skip(room).Select(tool => tool.Name)]);
    }

    /// <summary>The same problem, had all that was dropped succeeded already.</summary>
    public PlanProblem WithDroppedMet() => new(_tools, _requiredCount, Dropped, droppedAreMet: true);

    private static ToolDefinition Find(string name, ToolRegistry registry) => registry.Find(name) ?? throw new TestBatchException(
        "TaskToolUnknown", ErrorKind.InvalidData,
        $"The tool '{name}' is required, but the tool registry '{registry.Source}' does not hold it. Name the registry that belongs to the tasks.", name);
}
