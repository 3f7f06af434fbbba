using System.Text.Json;
using PSRunner.Workflows.Planning;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tasks;

/// <summary>Reads the task libraries of the old runner; its generations differ in key names.</summary>
internal static class TaskLibraryJson
{
    /// <summary>The difficulty of a task whose file states none: one plain wording, which the old runner called easy.</summary>
    private const string UnstatedDifficulty = "easy";

    /// <exception cref="TestBatchException">See <see cref="TaskLibrary.Load"/>.</exception>
    public static IReadOnlyList<WorkflowTask> Load(string path, ToolRegistry registry)
    {
        var library = new LibrarySource("TaskLibrary", "task library", path);
        using var document = LibraryFile.Open(library);
        var root = document.RootElement;
        var list = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("tasks", out var inner) ? inner : root;
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw library.Invalid($"holds no array 'tasks' (the file is a JSON {JsonFields.Kind(root)})");
        }

        IReadOnlyList<WorkflowTask> tasks = [.. list.EnumerateArray().Select((item, index) => Read(item, index + 1, library, registry))];
        if (tasks.Count == 0)
        {
            throw library.Invalid("holds no task");
        }

        var twice = tasks.GroupBy(task => (task.Id, task.Difficulty)).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? tasks : throw library.Invalid($"has the task '{twice.Key.Id}' twice in difficulty {twice.Key.Difficulty}");
    }

    private static WorkflowTask Read(JsonElement item, int number, LibrarySource library, ToolRegistry registry)
    {
        var fields = new JsonFields(item, $"task {number}", library);
        var id = fields.OptionalText("instance_id") ?? fields.OptionalText("id")
            ?? throw library.Invalid($"gives task {number} neither 'instance_id' nor 'id'");
        var named = new JsonFields(item, $"task '{id}'", library);
        var type = named.Text("task_type");
        if (!TaskTypes.All.Contains(type))
        {
            throw library.Invalid($"gives task '{id}' the type '{type}'; known are {string.Join(", ", TaskTypes.All)}");
        }

        // A difficulty that is not ours must not count as easy.
        var difficulty = named.OptionalJson("difficulty") is null ? UnstatedDifficulty : named.Text("difficulty");
        if (!Difficulties.All.Contains(difficulty))
        {
            throw library.Invalid($"gives task '{id}' the difficulty '{difficulty}'; known are {string.Join(", ", Difficulties.All)}");
        }

        // A tool that is listed twice is required once: its success does not wear off.
        IReadOnlyList<string> required = [.. named.Texts("required_tools").Distinct(StringComparer.Ordinal)];
        if (required.Count == 0)
        {
            throw library.Invalid($"gives task '{id}' no required_tools");
        }

        if (required.Count > PlanProblem.MaxRequired)
        {
            throw library.Invalid($"lets task '{id}' require {required.Count} tools; at most {PlanProblem.MaxRequired} can be planned");
        }

        if (required.FirstOrDefault(tool => registry.Find(tool) is null) is { } unknown)
        {
            throw new TestBatchException("TaskToolUnknown", ErrorKind.InvalidData,
                $"Task '{id}' of '{library.Name}' requires the tool '{unknown}', which the tool registry '{registry.Source}' does not hold. Name the registry that belongs to the library.",
                library.Name);
        }

        return new WorkflowTask(id, type, difficulty, named.Text("description"), required);
    }
}
