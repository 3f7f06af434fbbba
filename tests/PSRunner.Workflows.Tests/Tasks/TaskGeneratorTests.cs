using PSRunner.Workflows.Planning;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Tasks;

public class TaskGeneratorTests(ITestOutputHelper output)
{
    private static readonly TaskLibrary Library = TaskLibrary.Generated(BuiltInTools.Registry);

    [Fact]
    public void A_task_hangs_on_nothing_but_its_question()
    {
        foreach (var type in TaskTypes.All)
        {
            var one = Library.Pick(type, "medium", 3, 4);
            var other = TaskLibrary.Generated(ToolRegistry.FromJson(BuiltInTools.Registry.Json, "copy")).Pick(type, "medium", 3, 4);
            Assert.Equal((one.Id, one.Description), (other.Id, other.Description));
            Assert.Equal(one.RequiredTools, other.RequiredTools);
        }
    }

    [Fact]
    public void A_task_once_made_never_changes()
    {
        var task = Library.Pick("data_pipeline", "easy", 1, 1);

        // Written down once: recorded batches must stay comparable with new ones.
        Assert.Equal("files_open records_parse records_join math_evaluate", string.Join(' ', task.RequiredTools));
        Assert.Equal("Look after the harvest figures of a fruit farm: first read the content of one stored file, then break raw text into structured records, then combine two sets of records by a common key, and finally compute the value of a formula over the data. The point is that the numbers are ready every night.", task.Description);
    }

    [Fact]
    public void Difficulty_changes_the_wording_and_not_the_work()
    {
        foreach (var type in TaskTypes.All)
        {
            for (var instance = 1; instance <= 20; instance++)
            {
                var tasks = Difficulties.All.Select(difficulty => Library.Pick(type, difficulty, 1, instance)).ToList();
                Assert.Single(tasks.Select(task => string.Join(' ', task.RequiredTools)).Distinct());
                Assert.Equal(5, tasks.Select(task => task.Description).Distinct().Count());
                Assert.Equal(Difficulties.All, tasks.Select(task => task.Difficulty));

                // How many of the steps are told in full falls from all to none.
                int[] told = [.. tasks.Select(task => task.RequiredTools.Count(tool => task.Description.Contains(ToolPhrase.Of(BuiltInTools.Registry.Find(tool)!), StringComparison.Ordinal)))];
                Assert.Equal(tasks[0].RequiredTools.Count, told[0]);
                Assert.Equal(tasks[0].RequiredTools.Count, told[1]);
                Assert.Equal([2, 1, 0], told[2..]);
            }
        }
    }

    [Theory]
    [InlineData("simple_task", 2, 3)]
    [InlineData("basic_task", 3, 4)]
    [InlineData("data_pipeline", 3, 5)]
    [InlineData("api_integration", 3, 4)]
    [InlineData("multi_stage_pipeline", 4, 6)]
    public void Types_differ_in_how_many_tools_they_require(string type, int least, int most)
    {
        var tasks = Many(type, 200);

        Assert.Equal(Enumerable.Range(least, most - least + 1), tasks.Select(task => task.RequiredTools.Count).Distinct().Order());
        Assert.All(tasks, task => Assert.Equal(task.RequiredTools.Distinct(), task.RequiredTools));
        Assert.InRange(tasks.Select(task => string.Join(' ', task.RequiredTools)).Distinct().Count(), 60, 200);
        Assert.Equal(200, tasks.Select(task => task.Id).Distinct().Count());
        Assert.InRange(tasks.Select(task => task.Description).Distinct().Count(), 190, 200);
    }

    [Fact]
    public void Running_the_required_tools_in_their_order_completes_the_task()
    {
        foreach (var task in TaskTypes.All.SelectMany(type => Many(type, 50)))
        {
            Assert.True(TaskCompletion.IsCompleted(task.RequiredTools, BuiltInTools.Registry, task.RequiredTools.Select((tool, i) => new ToolRun(i + 1, tool, true, "", "", 1))));
        }
    }

    [Fact]
    public void Generated_tasks_can_be_done_in_ten_turns_and_are_not_trivial()
    {
        var planner = new WorkflowPlanner();
        var chances = TaskTypes.All.ToDictionary(type => type, type => Many(type, 30).Average(task => planner.Plan(task.RequiredTools, BuiltInTools.Registry, 0.8).SuccessProbability));

        output.WriteLine(string.Join(", ", chances.Select(pair => $"{pair.Key} {pair.Value:F3}")));
        Assert.All(chances.Values, chance => Assert.InRange(chance, 0.5, 0.999));
        Assert.True(chances["multi_stage_pipeline"] < chances["simple_task"]);
    }

    [Fact]
    public void Tasks_are_made_for_any_registry()
    {
        var registry = OldFiles.LoadRegistry();
        foreach (var type in TaskTypes.All)
        {
            foreach (var difficulty in Difficulties.All)
            {
                var task = TaskLibrary.Generated(registry).Pick(type, difficulty, 1, 1);
                output.WriteLine($"{difficulty}: {task.Description}");
                Assert.All(task.RequiredTools, tool => Assert.NotNull(registry.Find(tool)));
                Assert.All(registry.All, tool => Assert.DoesNotContain(tool.Name, task.Description, StringComparison.Ordinal));
            }
        }

        var tiny = new ToolRegistry([new ToolDefinition("lab_weigh", "lab", "", [], ["SPILLED"], [])], "tiny");
        Assert.Equal(["lab_weigh"], TaskLibrary.Generated(tiny).Pick("multi_stage_pipeline", "easy", 1, 1).RequiredTools);
    }

    private static List<WorkflowTask> Many(string type, int count) =>
        [.. Enumerable.Range(1, count).Select(instance => Library.Pick(type, "easy", 1, instance))];
}
