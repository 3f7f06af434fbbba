using PSRunner.Workflows.Planning;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Prompts;

public class FlawMakerTests(ITestOutputHelper output)
{
    private static readonly WorkflowPlanner Planner = new();

    [Fact]
    public void No_flaw_leaves_a_built_in_plan_as_it_was() => EveryFlawShows(BuiltInTools.Registry, BuiltInTasks(), seeds: 6);

    [Theory]
    [InlineData(OldFiles.BaseTasks, 8)]
    [InlineData(OldFiles.EnhancedTasks, 3)]
    public void No_flaw_leaves_an_old_plan_as_it_was(string library, int seeds)
    {
        var registry = OldFiles.LoadRegistry();
        EveryFlawShows(registry, [.. TaskLibraryJson.Load(RecordedData.Find(library), registry).DistinctBy(task => string.Join(' ', task.RequiredTools))], seeds);
    }

    private void EveryFlawShows(ToolRegistry registry, IReadOnlyList<WorkflowTask> tasks, int seeds)
    {
        var notApplicable = Flaws.All.ToDictionary(flaw => flaw, _ => 0);
        var damaged = 0;
        foreach (var task in tasks)
        {
            var tools = Planner.Plan(task.RequiredTools, registry, 0.8).Steps;
            for (var seed = 0; seed < seeds; seed++)
            {
                var right = PlanWriter.Write(tools, registry, $"{seed}");
                var rightText = PlanSection.Write(right);
                foreach (var flaw in Flaws.All)
                {
                    foreach (var severity in Severities.All)
                    {
                        var plan = FlawMaker.Apply(right, task.RequiredTools, flaw, severity, registry, $"{seed}");
                        if (plan is null)
                        {
                            // Only a plan of one step is too small, and only for flaws that need two.
                            Assert.True(tools.Count < 2 && flaw is not (Flaws.ToolMisuse or Flaws.ParameterError or Flaws.RedundantOperations), $"{flaw} {task.Id}");
                            notApplicable[flaw]++;
                            continue;
                        }

                        var text = PlanSection.Write(plan);
                        Assert.NotEqual(rightText, text);
                        Assert.NotEmpty(plan.Steps);
                        Assert.True(PlanSection.TryParse(text, out var parsed));
                        Assert.Equal(text, PlanSection.Write(parsed));
                        Assert.Equal(rightText, PlanSection.Write(right));
                        damaged++;
                    }
                }
            }
        }

        output.WriteLine($"{tasks.Count} tasks, {damaged} damaged plans; not applicable: {string.Join(", ", notApplicable)}");
        Assert.InRange(damaged, tasks.Count, int.MaxValue);
    }

    [Fact]
    public void The_same_question_gives_the_same_damage_and_another_seed_other_damage()
    {
        foreach (var flaw in Flaws.All)
        {
            var plans = BuiltInTasks().Where(task => task.RequiredTools.Count >= 4).SelectMany(task => Enumerable.Range(0, 5).Select(seed => (Damage(task, flaw, "light", seed)!, Damage(task, flaw, "light", seed)!, Damage(task, flaw, "light", seed + 100)!))).ToList();

            Assert.All(plans, plan => Assert.Equal(PlanSection.Write(plan.Item1), PlanSection.Write(plan.Item2)));
            Assert.Contains(plans, plan => !plan.Item1.Tools.SequenceEqual(plan.Item3.Tools) || PlanSection.Write(plan.Item1) != PlanSection.Write(plan.Item3));
        }
    }

    [Fact]
    public void Higher_severity_damages_at_least_as_much()
    {
        foreach (var task in BuiltInTasks())
        {
            for (var seed = 0; seed < 4; seed++)
            {
                foreach (var flaw in Flaws.All)
                {
                    int[] damage = [.. Severities.All.Select(severity => Damage(task, flaw, severity, seed) is { } plan ? Measure(task, flaw, plan, seed) : 0)];
                    Assert.True(damage[0] <= damage[1] && damage[1] <= damage[2], $"{flaw} {task.Id} {string.Join(' ', damage)}");
                    Assert.True(damage[0] > 0, $"{flaw} {task.Id}");
                }
            }
        }
    }

    // How many steps a flaw touched, each in its own measure.
    private static int Measure(WorkflowTask task, string flaw, ShownPlan plan, int seed)
    {
        var right = Right(task, seed);
        return flaw switch
        {
            Flaws.SequenceDisorder => Disorder.Inversions(right.Tools, plan.Tools),
            Flaws.MissingStep => right.Steps.Count - plan.Steps.Count,
            Flaws.RedundantOperations => plan.Steps.Count - right.Steps.Count,
            Flaws.ToolMisuse or Flaws.SemanticDrift => right.Tools.Zip(plan.Tools).Count(pair => pair.First != pair.Second),
            Flaws.ParameterError => right.Steps.Zip(plan.Steps).Count(pair => !pair.First.Arguments.SequenceEqual(pair.Second.Arguments)),
            _ => right.Steps.Zip(plan.Steps).Count(pair => pair.First.UsesOutputOf != pair.Second.UsesOutputOf || pair.First.Reason != pair.Second.Reason),
        };
    }

    [Fact]
    public void Disorder_keeps_the_tools_and_breaks_a_dependency_where_there_is_one()
    {
        foreach (var task in BuiltInTasks())
        {
            var right = Right(task, 1);
            var hasDependency = Disorder.Violations([.. right.Tools.Reverse()], BuiltInTools.Registry) > 0;
            foreach (var severity in Severities.All)
            {
                var plan = Damage(task, Flaws.SequenceDisorder, severity, 1)!;
                Assert.Equal(right.Tools.Order(), plan.Tools.Order());
                Assert.Equal(hasDependency, Disorder.Violations(plan.Tools, BuiltInTools.Registry) > 0);
            }
        }
    }

    [Fact]
    public void Misuse_and_drift_bring_in_tools_that_the_right_plan_does_not_hold()
    {
        foreach (var task in BuiltInTasks())
        {
            var right = Right(task, 1);
            foreach (var flaw in new[] { Flaws.ToolMisuse, Flaws.SemanticDrift })
            {
                var plan = Damage(task, flaw, "severe", 1)!;
                Assert.Equal(right.Steps.Count, plan.Steps.Count);
                Assert.Equal(plan.Tools.Distinct(), plan.Tools);
                Assert.All(right.Tools.Zip(plan.Tools).Where(pair => pair.First != pair.Second), pair => Assert.DoesNotContain(pair.Second, right.Tools));
            }

            Assert.Equal(right.Tools[0], Damage(task, Flaws.SemanticDrift, "severe", 1)!.Tools[0]);
        }
    }

    [Fact]
    public void A_step_is_missing_that_the_task_requires()
    {
        foreach (var task in BuiltInTasks())
        {
            foreach (var severity in Severities.All)
            {
                Assert.NotEmpty(task.RequiredTools.Except(Damage(task, Flaws.MissingStep, severity, 3)!.Tools));
            }
        }
    }

    [Fact]
    public void Wrong_arguments_are_wrong_by_the_tools_own_definition()
    {
        var ways = new HashSet<string>();
        foreach (var task in BuiltInTasks())
        {
            var right = Right(task, 2);
            Assert.All(right.Steps, step => Assert.Equal("", ArgumentFault(step)));
            var plan = Damage(task, Flaws.ParameterError, "severe", 2)!;
            ways.UnionWith(right.Steps.Zip(plan.Steps).Where(pair => !pair.First.Arguments.SequenceEqual(pair.Second.Arguments)).Select(pair => ArgumentFault(pair.Second)));
        }

        Assert.Equal(["missing", "type", "value"], ways.Order());
    }

    // A check of its own, by JSON kinds.
    private static string ArgumentFault(PlanStep step)
    {
        var tool = BuiltInTools.Registry.Find(step.Tool)!;
        if (tool.Parameters.Any(parameter => parameter.Required && step.Arguments.All(argument => argument.Key != parameter.Name)))
        {
            return "missing";
        }

        foreach (var (name, json) in step.Arguments)
        {
            using var value = System.Text.Json.JsonDocument.Parse(json);
            var kind = value.RootElement.ValueKind.ToString().ToLowerInvariant();
            var type = tool.Parameters.Single(parameter => parameter.Name == name).Type;
            if (type != kind && !(type == "integer" && kind == "number") && !(type == "boolean" && kind is "true" or "false"))
            {
                return "type";
            }

            if (json is "\"undefined\"" or "-1" or "[]" or "{}")
            {
                return "value";
            }
        }

        return "";
    }

    [Fact]
    public void Contradictions_leave_tools_and_arguments_alone_and_contradict_the_order_or_the_form()
    {
        foreach (var task in BuiltInTasks())
        {
            var right = Right(task, 4);
            var plan = Damage(task, Flaws.LogicalInconsistency, "severe", 4)!;
            Assert.Equal(right.Tools, plan.Tools);
            var changed = plan.Steps.Index().Where(step => step.Item.UsesOutputOf != right.Steps[step.Index].UsesOutputOf || step.Item.Reason != right.Steps[step.Index].Reason);
            Assert.All(changed, step => Assert.True(step.Item.UsesOutputOf > step.Index + 1
                || step.Item.Reason.Contains($"from step {step.Item.UsesOutputOf}, which gives", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_plan_of_one_step_is_too_small_for_flaws_that_need_two()
    {
        var plan = PlanWriter.Write(["web_probe"], BuiltInTools.Registry, "1");
        string[] applicable = [.. Flaws.All.Where(flaw => Severities.All.All(severity => FlawMaker.Apply(plan, ["web_probe"], flaw, severity, BuiltInTools.Registry, "1") is not null))];
        string[] not = [.. Flaws.All.Where(flaw => Severities.All.All(severity => FlawMaker.Apply(plan, ["web_probe"], flaw, severity, BuiltInTools.Registry, "1") is null))];

        Assert.Equal([Flaws.ToolMisuse, Flaws.ParameterError, Flaws.RedundantOperations], applicable);
        Assert.Equal([Flaws.SequenceDisorder, Flaws.MissingStep, Flaws.LogicalInconsistency, Flaws.SemanticDrift], not);
    }

    [Fact]
    public void Without_other_tools_nothing_can_be_misused()
    {
        var registry = new ToolRegistry([new ToolDefinition("lab_weigh", "lab", "Weigh.", [], ["SPILLED"], [])], "one tool");
        var plan = PlanWriter.Write(["lab_weigh"], registry, "1");

        Assert.Null(FlawMaker.Apply(plan, ["lab_weigh"], Flaws.ToolMisuse, "severe", registry, "1"));
        Assert.Equal("mode", FlawMaker.Apply(plan, ["lab_weigh"], Flaws.ParameterError, "light", registry, "1")!.Steps[0].Arguments.Single().Key);
    }

    private static ShownPlan Right(WorkflowTask task, int seed) =>
        PlanWriter.Write(Planner.Plan(task.RequiredTools, BuiltInTools.Registry, 0.8).Steps, BuiltInTools.Registry, $"{seed}");

    private static ShownPlan? Damage(WorkflowTask task, string flaw, string severity, int seed) =>
        FlawMaker.Apply(Right(task, seed), task.RequiredTools, flaw, severity, BuiltInTools.Registry, $"{seed}");

    private static IReadOnlyList<WorkflowTask> BuiltInTasks() =>
        [.. from type in TaskTypes.All from instance in Enumerable.Range(1, 12) select TaskLibrary.Generated(BuiltInTools.Registry).Pick(type, "easy", 5, instance)];
}
