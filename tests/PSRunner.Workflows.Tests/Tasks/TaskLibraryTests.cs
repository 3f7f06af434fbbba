using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Tasks;

public sealed class TaskLibraryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-tasks-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_old_base_library_is_read_whole()
    {
        var tasks = TaskLibraryJson.Load(RecordedData.Find(OldFiles.BaseTasks), OldFiles.LoadRegistry());

        Assert.Equal(630, tasks.Count);
        Assert.Equal(
            [("api_integration", 170), ("basic_task", 150), ("data_pipeline", 190), ("multi_stage_pipeline", 80), ("simple_task", 40)],
            tasks.CountBy(task => task.TaskType).Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal([(2, 1), (3, 355), (4, 147), (5, 115), (6, 12)], tasks.CountBy(task => task.RequiredTools.Count).Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal(630, tasks.Select(task => task.Id).Distinct().Count());
        Assert.All(tasks, task => Assert.Equal("easy", task.Difficulty));
    }

    [Fact]
    public void The_older_generation_with_other_key_names_is_read_too()
    {
        var tasks = TaskLibraryJson.Load(RecordedData.Find(OldFiles.EnhancedTasks), OldFiles.LoadRegistry());

        Assert.Equal(500, tasks.Count);
        Assert.Equal(125, tasks.Count(task => task.TaskType == "simple_task"));
        Assert.All(tasks, task => Assert.Equal(task.RequiredTools.Distinct(), task.RequiredTools));
        Assert.All(tasks, task => Assert.InRange(task.Description.Length, 20, 5_000));
    }

    [Fact]
    public void Picking_never_gives_a_task_twice_and_gives_all_of_them()
    {
        var registry = OldFiles.LoadRegistry();
        var library = TaskLibrary.Load(RecordedData.Find(OldFiles.BaseTasks), registry);
        var picked = Enumerable.Range(1, 40).Select(instance => library.Pick("simple_task", "easy", 42, instance)).ToList();

        Assert.Equal(40, picked.Select(task => task.Id).Distinct().Count());
        Assert.All(picked, task => Assert.Equal("simple_task", task.TaskType));
        Assert.Equal(picked.Select(task => task.Id), Enumerable.Range(1, 40).Select(instance => TaskLibrary.Load(RecordedData.Find(OldFiles.BaseTasks), registry).Pick("simple_task", "easy", 42, instance).Id));
        Assert.NotEqual(picked.Select(task => task.Id), Enumerable.Range(1, 40).Select(instance => library.Pick("simple_task", "easy", 43, instance).Id));
        var error = Assert.Throws<TestBatchException>(() => library.Pick("simple_task", "easy", 42, 41));
        Assert.Equal("TooFewTasks", error.ErrorId);
        Assert.Contains("40 tasks of type simple_task", error.Message, StringComparison.Ordinal);
        Assert.Contains("40 simple_task easy", Assert.Throws<TestBatchException>(() => library.Pick("simple_task", "hard", 42, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_instance_is_the_same_work_in_every_wording()
    {
        var tasks = string.Join(", ", from id in Enumerable.Range(1, 20) from difficulty in new[] { "easy", "hard" } select Task($"t{id}", extra: $", \"difficulty\": \"{difficulty}\""));
        var library = TaskLibrary.Load(Write($"[{tasks}]"), BuiltInTools.Registry);

        for (var instance = 1; instance <= 20; instance++)
        {
            Assert.Equal(library.Pick("simple_task", "easy", 1, instance).Id, library.Pick("simple_task", "hard", 1, instance).Id);
        }
    }

    [Fact]
    public void A_tool_listed_twice_is_required_once() =>
        Assert.Equal(["web_probe", "ops_note"], TaskLibraryJson.Load(Write($"[{Task("t", "[\"web_probe\", \"ops_note\", \"web_probe\"]")}]"), BuiltInTools.Registry)[0].RequiredTools);

    [Fact]
    public void An_unknown_tool_is_named_with_its_task()
    {
        var error = Fails(Write($"{{\"tasks\": [{Task("t1")}, {Task("t2", "[\"web_probe\", \"web_teleport\"]")}]}}"), "TaskToolUnknown");

        Assert.Contains("'t2'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'web_teleport'", error.Message, StringComparison.Ordinal);
        Assert.Contains("built-in", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_recorded_damaged_file_is_told_as_cut_off()
    {
        var error = Fails(RecordedData.Find("results_database.json.corrupted"), "TaskLibraryTruncated");

        Assert.Contains("of 14810 in all", error.Message, StringComparison.Ordinal);
        Assert.Contains("cut off", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() => Fails(Path.Combine(_folder, "absent.json"), "TaskLibraryNotFound");

    [Theory]
    [InlineData("7", "no array 'tasks'")]
    [InlineData("{\"Tasks\": []}", "no array 'tasks'")]
    [InlineData("[]", "holds no task")]
    [InlineData("[7]", "task 1 as a JSON number")]
    [InlineData("[{\"task_type\": \"simple_task\"}]", "task 1 neither 'instance_id' nor 'id'")]
    [InlineData("[{\"id\": \"t\", \"task_type\": \"odd_task\"}]", "'t' the type 'odd_task'")]
    [InlineData("[{\"id\": \"t\", \"task_type\": \"simple_task\", \"description\": \"d\"}]", "'t' no required_tools")]
    [InlineData("[{\"id\": \"t\", \"task_type\": \"simple_task\", \"required_tools\": [\"web_probe\"]}]", "'t' no text 'description'")]
    [InlineData("[{\"id\": \"t\", \"task_type\": \"simple_task\", \"description\": \"d\", \"required_tools\": \"web_probe\"}]", "'required_tools' as a JSON string")]
    [InlineData("[{\"id\": \"t\", \"task_type\": \"simple_task\", \"description\": \"d\", \"required_tools\": [\"web_probe\"], \"difficulty\": \"extreme\"}]", "'t' the difficulty 'extreme'; known are very_easy")]
    [InlineData("[{\"id\": \"t\", \"task_type\": \"simple_task\", \"description\": \"d\", \"required_tools\": [\"web_probe\"], \"difficulty\": 3}]", "'t' no text 'difficulty'")]
    [InlineData("{\"\\ud800\": [], \"tasks\": []}", "no Unicode")]
    public void A_wrong_shape_is_told_with_what_and_where(string json, string told) =>
        Assert.Contains(told, Fails(Write(json), "TaskLibraryInvalid").Message, StringComparison.Ordinal);

    [Fact]
    public void A_task_too_large_to_plan_is_refused_before_anything_starts()
    {
        var tools = string.Join(", ", BuiltInTools.Registry.All.Take(31).Select(tool => $"\"{tool.Name}\""));

        Assert.Contains("31 tools", Fails(Write($"[{Task("t", $"[{tools}]")}]"), "TaskLibraryInvalid").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_stands_twice_is_refused() =>
        Assert.Contains("'t' twice", Fails(Write($"[{Task("t")}, {Task("t")}]"), "TaskLibraryInvalid").Message, StringComparison.Ordinal);

    private static string Task(string id, string tools = "[\"web_probe\"]", string extra = "") =>
        $"{{\"id\": \"{id}\", \"task_type\": \"simple_task\", \"description\": \"d\", \"required_tools\": {tools}{extra}}}";

    private static TestBatchException Fails(string path, string errorId)
    {
        var error = Assert.Throws<TestBatchException>(() => TaskLibrary.Load(path, BuiltInTools.Registry));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Equal(path, error.Target);
        return error;
    }

    private string Write(string content)
    {
        var path = Path.Combine(_folder, "library.json");
        File.WriteAllText(path, content);
        return path;
    }
}
