using System.Collections.Concurrent;
using System.Globalization;
using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tasks;

/// <summary>Gives the tasks of a batch: the same task for the same question, so that every model and prompt type sees the same work.</summary>
public abstract class TaskLibrary
{
    /// <summary>The library that comes with PSRunner: tasks made on demand for the tools of a registry.</summary>
    public static TaskLibrary Generated(ToolRegistry registry) => new GeneratedTasks(registry);

    /// <summary>Reads a task library of the old runner, of either generation.</summary>
    /// <param name="path">A JSON file: an object with "tasks", or the array itself.</param>
    /// <param name="registry">Must hold every tool that a task requires.</param>
    /// <exception cref="TestBatchException">TaskLibraryNotFound, TaskLibraryUnreadable, TaskLibraryTruncated, TaskLibraryInvalid or TaskToolUnknown.</exception>
    public static TaskLibrary Load(string path, ToolRegistry registry) => new StoredTasks(TaskLibraryJson.Load(path, registry), path);

    /// <summary>The task of an instance number. Drawn without replacement: other instances are other tasks.</summary>
    /// <param name="taskType">One of <see cref="TaskTypes"/>.</param>
    /// <param name="difficulty">One of <see cref="Difficulties"/>.</param>
    /// <param name="seed">The batch's seed.</param>
    /// <param name="instance">From 1.</param>
    /// <exception cref="TestBatchException">TooFewTasks: the library holds fewer of that kind.</exception>
    public abstract WorkflowTask Pick(string taskType, string difficulty, long seed, int instance);

    private sealed class GeneratedTasks(ToolRegistry registry) : TaskLibrary
    {
        private readonly TaskGenerator _generator = new(registry);

        public override WorkflowTask Pick(string taskType, string difficulty, long seed, int instance) =>
            _generator.Generate(taskType, difficulty, seed, instance);
    }

    private sealed class StoredTasks(IReadOnlyList<WorkflowTask> tasks, string path) : TaskLibrary
    {
        private const int MaxKeptOrders = 256;

        private readonly ILookup<(string, string), WorkflowTask> _tasks = tasks.ToLookup(task => (task.TaskType, task.Difficulty));
        private readonly ConcurrentDictionary<(string, string, long), WorkflowTask[]> _orders = new();

        public override WorkflowTask Pick(string taskType, string difficulty, long seed, int instance)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(instance, 1);
            if (_orders.Count >= MaxKeptOrders)
            {
                _orders.Clear();
            }

            var order = _orders.GetOrAdd((taskType, difficulty, seed), _ => Order(taskType, difficulty, seed));
            return instance <= order.Length ? order[instance - 1] : throw TooFew(taskType, difficulty, order.Length, instance);
        }

        private WorkflowTask[] Order(string taskType, string difficulty, long seed) =>
            [.. _tasks[(taskType, difficulty)].OrderBy(task => Rank(task, seed)).ThenBy(task => task.Id, StringComparer.Ordinal)];

        // A seeded shuffle in which the rank of a task hangs on its id alone: wordings of other difficulties are the same work.
        private static ulong Rank(WorkflowTask task, long seed) => new SeededRandom(string.Create(CultureInfo.InvariantCulture, $"task-rank/{seed}/{task.Id}")).NextBits();

        private TestBatchException TooFew(string taskType, string difficulty, int count, int instance) => new(
            "TooFewTasks",
            ErrorKind.InvalidArgument,
            $"The task library '{path}' holds {count} tasks of type {taskType} and difficulty {difficulty}; instance {instance} was asked for. "
            + (count > 0 ? $"Ask for at most {count} instances." : $"It holds: {Stock()}."),
            path);

        private string Stock() => string.Join(", ", _tasks.Select(group => $"{group.Count()} {group.Key.Item1} {group.Key.Item2}").Order(StringComparer.Ordinal));
    }
}
