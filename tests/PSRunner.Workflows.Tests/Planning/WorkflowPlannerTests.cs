using System.Diagnostics;
using CsCheck;
using PSRunner.Workflows.Planning;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Planning;

public class WorkflowPlannerTests(ITestOutputHelper output)
{
    [Fact]
    public void The_value_is_the_optimum_over_all_policies()
    {
        // 3 tools and 6 turns are 6^6 = 46,656 histories each; every dependency graph, every task, random rates.
        (from dependencies in Gen.Int[0, 7]
         from required in Gen.Int[1, 7]
         from turns in Gen.Int[1, 6]
         from rate in Gen.Double[0.05, 1]
         select (dependencies, required, turns, rate))
            .Sample(world => AgreesWithSearch(3, world.dependencies, world.required, world.turns, world.rate), iter: 150, seed: "0N0XIzNsQ0O2");
    }

    [Fact]
    public void The_value_is_the_optimum_with_helpers_of_helpers()
    {
        (from dependencies in Gen.Int[0, 63]
         from required in Gen.Int[1, 15]
         from turns in Gen.Int[2, 5]
         from rate in Gen.Double[0.05, 1]
         select (dependencies, required, turns, rate))
            .Sample(world => AgreesWithSearch(4, world.dependencies, world.required, world.turns, world.rate), iter: 150, seed: "0N0XIzNsQ0O2");
    }

    [Fact]
    public void The_value_is_the_optimum_in_as_many_turns_as_tests_have()
    {
        (from tools in Gen.Int[3, 5]
         from dependencies in Gen.Int[0, 1023]
         from required in Gen.Int[1, 31]
         from turns in Gen.Int[7, 12]
         from rate in Gen.Double[0.05, 1]
         where (required & ((1 << tools) - 1)) != 0
         select (tools, dependencies, required, turns, rate))
            .Sample(
                world =>
                {
                    var registry = SmallWorlds.Registry(world.tools, world.dependencies);
                    var names = Enumerable.Range(0, world.tools).Where(tool => (world.required >> tool & 1) == 1).Select(SmallWorlds.Name).ToList();

                    Assert.Equal(
                        SmallWorlds.OptimumOfStates(registry, names, world.rate, world.turns),
                        new WorkflowPlanner().Plan(names, registry, world.rate, world.turns).SuccessProbability, 10);
                },
                iter: 500, seed: "0N0XIzNsQ0O2");
    }

    private static void AgreesWithSearch(int tools, int dependencies, int required, int turns, double rate)
    {
        var registry = SmallWorlds.Registry(tools, dependencies);
        var names = Enumerable.Range(0, tools).Where(tool => (required >> tool & 1) == 1).Select(SmallWorlds.Name).ToList();

        var planned = new WorkflowPlanner().Plan(names, registry, rate, turns);
        var best = SmallWorlds.Optimum(registry, names, rate, turns, []);

        Assert.Equal(best, planned.SuccessProbability, 10);
    }

    [Fact]
    public void A_helper_is_run_first_when_that_pays_and_not_when_turns_are_short()
    {
        // b depends on a; only b is required. With one turn b goes alone; with two, a b wins (.8 x .8 + ...) over b b.
        var registry = SmallWorlds.Registry(2, dependencyBits: 1);
        var planner = new WorkflowPlanner();

        Assert.Equal(["b"], planner.Plan(["b"], registry, 0.8, turns: 1).Steps);
        Assert.Equal(["a", "b"], planner.Plan(["b"], registry, 0.8, turns: 5).Steps);
    }

    [Fact]
    public void Ties_keep_the_order_of_the_task()
    {
        var registry = SmallWorlds.Registry(4, dependencyBits: 0);

        Assert.Equal(["c", "a", "d", "b"], new WorkflowPlanner().Plan(["c", "a", "d", "b"], registry, 0.7).Steps);
    }

    [Fact]
    public void A_plan_completes_its_task_when_every_run_succeeds()
    {
        Gen.Select(Gen.Int[0, 1023], Gen.Int[1, 31], Gen.Double[0.1, 1]).Sample(
            (dependencies, required, rate) =>
            {
                var registry = SmallWorlds.Registry(5, dependencies);
                var names = Enumerable.Range(0, 5).Where(tool => (required >> tool & 1) == 1).Select(SmallWorlds.Name).Reverse().ToList();
                var plan = new WorkflowPlanner().Plan(names, registry, rate);
                Assert.True(TaskCompletion.IsCompleted(names, registry, plan.Steps.Select((tool, i) => new ToolRun(i + 1, tool, true, "", "", 1))));
                Assert.Equal(plan.Steps.Distinct(), plan.Steps);
            },
            iter: 400, seed: "0N0XIzNsQ0O2");
    }

    [Fact]
    public void Simulated_tests_that_follow_the_policy_succeed_as_often_as_planned()
    {
        const int Runs = 4_000;
        foreach (var task in BuiltInTasks(15))
        {
            var solver = new PlanSolver(PlanProblem.Of(task.RequiredTools, BuiltInTools.Registry), 0.7, 9);
            var names = PlanProblem.Of(task.RequiredTools, BuiltInTools.Registry).Names;
            var planned = solver.Solve().SuccessProbability;
            var completed = Enumerable.Range(0, Runs).Count(run =>
            {
                var simulator = new ToolSimulator($"{task.Id}/{run}", 0.7);
                var state = solver.Start;
                while (!solver.IsCompleted(state) && state.TurnsLeft > 0)
                {
                    var tool = solver.Best(state).Tool;
                    state = solver.After(state, tool, simulator.Run(BuiltInTools.Registry.Find(names[tool])!).Succeeded);
                }

                Assert.Equal(solver.IsCompleted(state), TaskCompletion.IsCompleted(task.RequiredTools, BuiltInTools.Registry, simulator.Runs));
                return solver.IsCompleted(state);
            });

            Assert.Equal(planned, completed / (double)Runs, FiveDeviations(planned, Runs));
        }
    }

    [Fact]
    public void Clinging_to_the_shown_order_succeeds_at_most_as_often_as_planned()
    {
        foreach (var task in BuiltInTasks(15))
        {
            var plan = new WorkflowPlanner().Plan(task.RequiredTools, BuiltInTools.Registry, 0.8);
            var simulated = Simulate(BuiltInTools.Registry, plan.Steps, task.RequiredTools, 0.8, 10, 2_000);
            Assert.InRange(simulated, 0.5 * plan.SuccessProbability, plan.SuccessProbability + FiveDeviations(plan.SuccessProbability, 2_000));
        }
    }

    [Fact]
    public void The_chance_grows_with_the_rate_and_with_the_turns()
    {
        var planner = new WorkflowPlanner();
        foreach (var task in BuiltInTasks(25))
        {
            double[] byRate = [.. new[] { 0.5, 0.6, 0.7, 0.8, 0.9 }.Select(rate => planner.Plan(task.RequiredTools, BuiltInTools.Registry, rate).SuccessProbability)];
            double[] byTurns = [.. new[] { 6, 8, 10, 12 }.Select(turns => planner.Plan(task.RequiredTools, BuiltInTools.Registry, 0.8, turns).SuccessProbability)];

            Assert.Equal(byRate.Order(), byRate);
            Assert.Equal(byTurns.Order(), byTurns);
            Assert.InRange(byRate[^1] - byRate[0], 0.01, 1);
        }
    }

    [Fact]
    public void What_finds_no_room_is_named_and_priced()
    {
        // A chain of 12: the last tool is required, the 11 before it help, 8 of them find room.
        var registry = new ToolRegistry(
            Enumerable.Range(0, 12).Select(tool => new ToolDefinition(
                SmallWorlds.Name(tool), "chain", "Go on.", [], ["FAILED"], tool == 0 ? [] : [SmallWorlds.Name(tool - 1)])),
            "chain");
        var plan = new WorkflowPlanner().Plan(["l"], registry, 0.8);

        Assert.Equal(["c", "b", "a"], plan.Dropped);
        Assert.InRange(plan.SuccessProbability, 0.3, 1);
        Assert.InRange(plan.DroppedCost, 0, 1 - plan.SuccessProbability);
    }

    [Fact]
    public void More_required_tools_than_can_be_weighed_are_planned_in_order()
    {
        var registry = SmallWorlds.Registry(12, dependencyBits: 0);
        var names = Enumerable.Range(0, 12).Select(SmallWorlds.Name).ToList();
        var plan = new WorkflowPlanner().Plan(names, registry, 0.9, turns: 14);

        Assert.Equal(names, plan.Steps);
        Assert.Equal(plan.SuccessProbability, Simulate(registry, names, names, 0.9, 14, 10_000), FiveDeviations(plan.SuccessProbability, 10_000));
        Assert.Equal(0, new WorkflowPlanner().Plan(names, registry, 0.9, turns: 11).SuccessProbability);
    }

    [Fact]
    public void What_many_tests_ask_for_at_once_is_solved_once()
    {
        // One tool and its eight helpers: the largest problem, of some 20 MB.
        var registry = new ToolRegistry(
            Enumerable.Range(0, 9).Select(tool => new ToolDefinition(
                SmallWorlds.Name(tool), "wide", "Go on.", [], ["FAILED"], tool < 8 ? [] : [.. Enumerable.Range(0, 8).Select(SmallWorlds.Name)])),
            "wide");
        var planner = new WorkflowPlanner();
        using var together = new Barrier(4);
        long allocated = 0;
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            together.SignalAndWait();
            var before = GC.GetAllocatedBytesForCurrentThread();
            planner.Plan(["i"], registry, 0.7);
            Interlocked.Add(ref allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.InRange(allocated, 10_000_000, 40_000_000);
    }

    [Fact]
    public void A_task_that_cannot_be_planned_is_refused()
    {
        var planner = new WorkflowPlanner();

        Assert.Equal("TaskToolUnknown", Assert.Throws<TestBatchException>(() => planner.Plan(["nobody"], BuiltInTools.Registry, 0.8)).ErrorId);
        Assert.Equal("TaskTooLarge", Assert.Throws<TestBatchException>(() => planner.Plan([], BuiltInTools.Registry, 0.8)).ErrorId);
        Assert.Equal("TaskTooLarge", Assert.Throws<TestBatchException>(() => planner.Plan([.. BuiltInTools.Registry.All.Take(31).Select(tool => tool.Name)], BuiltInTools.Registry, 0.8)).ErrorId);
    }

    [Theory]
    [InlineData(OldFiles.BaseTasks, 630)]
    [InlineData(OldFiles.EnhancedTasks, 500)]
    public void All_old_tasks_are_planned_in_seconds(string library, int count)
    {
        var registry = OldFiles.LoadRegistry();
        var tasks = TaskLibraryJson.Load(RecordedData.Find(library), registry);
        var planner = new WorkflowPlanner();
        var watch = Stopwatch.StartNew();

        var plans = tasks.Select(task => planner.Plan(task.RequiredTools, registry, 0.8)).ToList();

        output.WriteLine($"{tasks.Count} tasks, {plans.Distinct().Count()} plans in {watch.Elapsed.TotalSeconds:F2} s; at most {plans.Max(plan => plan.StatesVisited)} states");
        output.WriteLine($"success probability {plans.Min(plan => plan.SuccessProbability):F3} to {plans.Max(plan => plan.SuccessProbability):F3}, mean {plans.Average(plan => plan.SuccessProbability):F3}");
        output.WriteLine($"{plans.Count(plan => plan.Dropped.Count > 0)} tasks with something dropped, at a cost of at most {plans.Max(plan => plan.DroppedCost):F4}");
        output.WriteLine($"{plans.Zip(tasks).Count(pair => pair.First.Steps.Count > pair.Second.RequiredTools.Count)} plans run helpers that the task does not require");
        Assert.Equal(count, tasks.Count);
        Assert.All(plans, plan => Assert.InRange(plan.SuccessProbability, 0.05, 1));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"planning took {watch.Elapsed}");
    }

    private static IEnumerable<WorkflowTask> BuiltInTasks(int count) =>
        from instance in Enumerable.Range(1, (count + 4) / 5)
        from type in TaskTypes.All
        select TaskLibrary.Generated(BuiltInTools.Registry).Pick(type, "easy", 7, instance);

    private static double FiveDeviations(double p, int runs) => 5 * Math.Sqrt(p * (1 - p) / runs);

    private static double Simulate(ToolRegistry registry, IReadOnlyList<string> order, IReadOnlyList<string> required, double rate, int turns, int runs) =>
        Enumerable.Range(0, runs).Count(run =>
        {
            var simulator = new ToolSimulator($"plan/{run}", rate);
            var next = 0;
            while (next < order.Count && simulator.Runs.Count < turns)
            {
                next += simulator.Run(registry.Find(order[next])!).Succeeded ? 1 : 0;
            }

            return TaskCompletion.IsCompleted(required, registry, simulator.Runs);
        }) / (double)runs;
}
