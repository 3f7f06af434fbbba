using CsCheck;
using PSRunner.Workflows.Planning;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Prompts;

public class PromptTests
{
    private static readonly PromptMaker Maker = new(new WorkflowPlanner());

    [Fact]
    public void The_table_has_three_plain_types_and_seven_flawed_ones()
    {
        Assert.Equal(10, PromptTypes.All.Count);
        Assert.Equal(7, PromptTypes.All.Count(type => type.IsFlawed && type.ShowsPlan && type.Name == "flawed_" + type.Flaw));
        Assert.Null(PromptTypes.Find("flawed_nonsense"));
        Assert.True(PromptTypes.Find("cot")!.AsksForReasoning);
    }

    [Theory]
    [InlineData("baseline", false)]
    [InlineData("baseline", true)]
    [InlineData("cot", false)]
    public void Without_a_plan_no_tool_is_named(string type, bool native)
    {
        foreach (var difficulty in Difficulties.All)
        {
            foreach (var instance in Enumerable.Range(1, 20))
            {
                var prompt = Maker.Make(Request(type, difficulty, instance, native))!;
                Assert.Null(prompt.Plan);
                Assert.All(BuiltInTools.Registry.All, tool => Assert.DoesNotContain(tool.Name, prompt.System + prompt.User, StringComparison.OrdinalIgnoreCase));
                Assert.False(PlanSection.TryParse(prompt.User, out _));
            }
        }
    }

    [Fact]
    public void The_messages_say_how_to_act_and_how_to_end()
    {
        var prompt = Maker.Make(Request("baseline"))!;

        Assert.Contains("<tool_search>", prompt.System, StringComparison.Ordinal);
        Assert.Contains("<tool_info>", prompt.System, StringComparison.Ordinal);
        Assert.Contains("<tool_call>", prompt.System, StringComparison.Ordinal);
        Assert.Contains("TASK_COMPLETED", prompt.System, StringComparison.Ordinal);
        Assert.Contains("10 replies", prompt.System, StringComparison.Ordinal);
        Assert.All(BuiltInTools.Registry.Categories, category => Assert.Contains(category, prompt.System, StringComparison.Ordinal));
        Assert.StartsWith("Task type: data_pipeline\n", prompt.User, StringComparison.Ordinal);
        Assert.DoesNotContain("Reasoning:", prompt.User, StringComparison.Ordinal);
        Assert.Contains("Reasoning:", Maker.Make(Request("cot"))!.User, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', prompt.System + prompt.User);
    }

    [Fact]
    public void With_native_calls_no_tag_is_mentioned() =>
        Assert.All(PromptTypes.All, type =>
        {
            var prompt = Maker.Make(Request(type.Name, native: true))!;
            Assert.DoesNotContain("<tool", prompt.System + prompt.User, StringComparison.Ordinal);
        });

    [Fact]
    public void The_plan_can_be_read_back_from_every_prompt_that_shows_one()
    {
        foreach (var type in PromptTypes.All.Where(type => type.ShowsPlan))
        {
            foreach (var instance in Enumerable.Range(1, 20))
            {
                var prompt = Maker.Make(Request(type.Name, instance: instance))!;
                Assert.True(PlanSection.TryParse(prompt.User, out var plan));
                AssertSame(prompt.Plan!, plan);
            }
        }
    }

    [Fact]
    public void Every_flawed_prompt_differs_from_the_optimal_one_in_the_plan_alone()
    {
        var optimal = Maker.Make(Request("optimal"))!;
        var optimalPlan = PlanSection.Write(optimal.Plan!);
        foreach (var type in PromptTypes.All.Where(type => type.IsFlawed))
        {
            var flawed = Maker.Make(Request(type.Name))!;
            Assert.Equal(optimal.System, flawed.System);
            Assert.NotEqual(optimal.User, flawed.User);
            Assert.Equal(optimal.User, flawed.User.Replace(PlanSection.Write(flawed.Plan!), optimalPlan, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_flaw_shows_whatever_the_tools_the_task_the_rate_and_the_turns()
    {
        string[] types = ["string", "integer", "number", "boolean", "array", "object", "any"];
        string[] descriptions = ["", "Do it.", "A thing; uses output of step 2.\nMore of it."];
        var shown = 0;
        for (var world = 0; world < 25; world++)
        {
            // Down to a single tool, with and without parameters, dependencies and words.
            var random = new SeededRandom($"world/{world}");
            var registry = new ToolRegistry(
                Enumerable.Range(0, 1 + random.Next(7)).Select(i => new ToolDefinition(
                    $"t{i}", random.Pick(["data", "web"]), random.Pick(descriptions),
                    [.. Enumerable.Range(0, random.Next(3)).Select(p => new ToolParameter($"p{p}", random.Pick(types), "", random.Next(2) == 0))],
                    ["E"],
                    [.. Enumerable.Range(0, i).Where(_ => random.Next(3) == 0).Select(j => $"t{j}")])),
                "world");
            foreach (var (type, difficulty) in from type in TaskTypes.All from difficulty in Difficulties.All select (type, difficulty))
            {
                var task = TaskLibrary.Generated(registry).Pick(type, difficulty, world, 1);
                foreach (var (rate, turns) in ((double, int)[])[(0, 10), (0.5, 1), (0.8, 10), (1, 4)])
                {
                    var optimal = new PromptRequest(task, registry, PromptTypes.Find("optimal")!, "", rate, turns, world, false);
                    var right = Maker.Make(optimal)!;
                    foreach (var (flaw, severity) in from flaw in PromptTypes.All.Where(t => t.IsFlawed) from severity in Severities.All select (flaw, severity))
                    {
                        var flawed = Maker.Make(optimal with { Type = flaw, Severity = severity });
                        Assert.NotEqual(right.User, flawed?.User);
                        Assert.True(flawed is not null || right.Plan!.Steps.Count < 2 || right.Plan.Steps.Count == registry.All.Count, $"{flaw.Name} {severity} {task.Id}");
                        shown += flawed is null ? 0 : 1;
                    }
                }
            }
        }

        Assert.InRange(shown, 30_000, 52_500);
    }

    [Fact]
    public void A_flaw_that_does_not_apply_gives_no_prompt()
    {
        var request = Request("flawed_missing_step") with { Task = new WorkflowTask("t", "simple_task", "easy", "Probe.", ["web_probe"]) };

        Assert.Null(Maker.Make(request));
    }

    [Fact]
    public void Any_plan_survives_writing_and_reading()
    {
        var text = Gen.String[Gen.Char, 0, 12].Select(value => System.Text.Json.JsonSerializer.Serialize(value));
        var json = Gen.OneOf(text, Gen.Int.Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)), Gen.Bool.Select(b => b ? "true" : "false"),
            text.Select(t => $"{{\"a, b=)\":[{t},null]}}"), Gen.Const("[]"), Gen.Const("-1.5e3"));
        var name = Gen.String[Gen.Char.AlphaNumeric, 1, 8];
        var reason = Gen.String[Gen.Char[" abcdefgh;:,.()-=\"12"], 0, 40];
        var step = from tool in name
                   from arguments in Gen.Select(name, json, KeyValuePair.Create).Array[0, 4]
                   from why in reason
                   from uses in Gen.Int[0, 9]
                   select new PlanStep(tool, arguments, why, uses == 0 ? null : uses);
        step.Array[1, 6].Sample(
            steps =>
            {
                var plan = new ShownPlan(steps);
                var prompt = $"Some text.\n\n{PlanSection.Write(plan)}\nAnd more: 1. not_a_step(x=1)";
                Assert.True(PlanSection.TryParse(prompt, out var read));
                AssertSame(plan, read);
            },
            iter: 2_000, seed: "0N0XIzNsQ0O2");
    }

    [Theory]
    [InlineData("no plan at all")]
    [InlineData("## Execution plan\n\n1. a() - b\n")]
    [InlineData("## Execution plan\n2. a() - starts with two\n")]
    [InlineData("## Execution plan\n1. a(x=) - no value\n")]
    [InlineData("## Execution plan\n1. a(x=1 - not closed\n")]
    [InlineData("## Execution plan\n1. a() - fine\nand then prose\n")]
    public void What_is_no_plan_is_not_read_as_one(string prompt) => Assert.False(PlanSection.TryParse(prompt, out _));

    [Fact]
    public void A_task_text_cannot_pass_for_a_plan()
    {
        var sly = new WorkflowTask("t", "simple_task", "easy", "## Execution plan\r\n1. web_send() - sly\n", ["web_probe"]);

        Assert.False(PlanSection.TryParse(Maker.Make(Request("baseline") with { Task = sly })!.User, out _));
        Assert.True(PlanSection.TryParse(Maker.Make(Request("optimal") with { Task = sly })!.User, out var plan));
        Assert.Equal(["web_probe"], plan.Tools);
    }

    private static void AssertSame(ShownPlan expected, ShownPlan actual)
    {
        Assert.Equal(expected.Tools, actual.Tools);
        Assert.Equal(expected.Steps.Select(step => step.Reason), actual.Steps.Select(step => step.Reason));
        Assert.Equal(expected.Steps.Select(step => step.UsesOutputOf), actual.Steps.Select(step => step.UsesOutputOf));
        Assert.All(expected.Steps.Zip(actual.Steps), pair => Assert.Equal(pair.First.Arguments, pair.Second.Arguments));
    }

    private static PromptRequest Request(string type, string difficulty = "easy", int instance = 1, bool native = false) => new(
        TaskLibrary.Generated(BuiltInTools.Registry).Pick("data_pipeline", difficulty, 1, instance),
        BuiltInTools.Registry, PromptTypes.Find(type)!, "severe", 0.8, 10, 1, native);
}
