using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Planning;

/// <summary>Random small registries and tasks, and their optimum by the plainest search that can be written.</summary>
internal static class SmallWorlds
{
    /// <summary>A registry of tools a, b, c, ...: each may depend on those before it.</summary>
    public static ToolRegistry Registry(int tools, int dependencyBits)
    {
        var bit = 0;
        return new ToolRegistry(
            Enumerable.Range(0, tools).Select(tool => new ToolDefinition(
                Name(tool), "small", $"Do {tool}.", [], ["FAILED"],
                [.. Enumerable.Range(0, tool).Where(_ => (dependencyBits >> bit++ & 1) == 1).Select(Name)])),
            "small world");
    }

    public static string Name(int tool) => ((char)('a' + tool)).ToString();

    /// <summary>
    /// The best chance to complete a task over all policies that may run any tool of the registry at any turn, also one
    /// that succeeded, also one whose success does not count, also one that has nothing to do with the task. No memo, no
    /// pruning; completion and odds are asked of the classes that judge real tests, with the whole history.
    /// </summary>
    public static double Optimum(ToolRegistry registry, IReadOnlyList<string> required, double rate, int turns, List<ToolRun> history)
    {
        if (PSRunner.Workflows.Tasks.TaskCompletion.IsCompleted(required, registry, history))
        {
            return 1;
        }

        return turns == 0 ? 0 : registry.All.Max(tool =>
        {
            var odds = Odds(tool, rate, history);
            return (odds * Next(tool, true)) + ((1 - odds) * Next(tool, false));
        });

        double Next(ToolDefinition tool, bool succeeded)
        {
            history.Add(new ToolRun(history.Count + 1, tool.Name, succeeded, "", "", 0));
            var value = Optimum(registry, required, rate, turns - 1, history);
            history.RemoveAt(history.Count - 1);
            return value;
        }
    }

    /// <summary>
    /// The same maximum for as many turns as tests have: solved once for each state that a policy can know, in which nothing
    /// is left out (what succeeded, what counted, what failed last, the last three outcomes, the turn).
    /// </summary>
    public static double OptimumOfStates(ToolRegistry registry, IReadOnlyList<string> required, double rate, int turns)
    {
        var names = registry.All.Select(tool => tool.Name).ToList();
        var dependencies = registry.All.Select(tool => Set(tool.Dependencies)).ToList();
        var all = Set(required);
        var values = new Dictionary<(int Succeeded, int Counted, int FailedLast, int Outcomes, int Runs), double>();
        return Value(0, 0, 0, 0, 0);

        int Set(IEnumerable<string> tools) => tools.Aggregate(0, (set, name) => set | 1 << names.IndexOf(name));

        double Value(int succeeded, int counted, int failedLast, int outcomes, int runs)
        {
            if (counted == all || runs == turns)
            {
                return counted == all ? 1 : 0;
            }

            var state = (succeeded, counted, failedLast, outcomes, runs);
            if (!values.TryGetValue(state, out var best))
            {
                for (var tool = 0; tool < names.Count; tool++)
                {
                    var bit = 1 << tool;
                    var odds = ToolOdds.Probability(
                        rate, int.PopCount(dependencies[tool] & ~succeeded), (dependencies[tool] & failedLast) != 0, runs, int.PopCount(outcomes));
                    var counts = (all & bit) != 0 && (dependencies[tool] & all & ~counted) == 0;
                    best = Math.Max(
                        best,
                        (odds * Value(succeeded | bit, counts ? counted | bit : counted, failedLast & ~bit, outcomes << 1 & 7, runs + 1))
                        + ((1 - odds) * Value(succeeded, counted, failedLast | bit, (outcomes << 1 & 7) | 1, runs + 1)));
                }

                values.Add(state, best);
            }

            return best;
        }
    }

    private static double Odds(ToolDefinition tool, double rate, List<ToolRun> history) => ToolOdds.Probability(
        rate,
        tool.Dependencies.Count(name => !history.Any(run => run.Tool == name && run.Succeeded)),
        tool.Dependencies.Any(name => history.FindLast(run => run.Tool == name) is { Succeeded: false }),
        history.Count,
        history.TakeLast(3).Count(run => !run.Succeeded));
}
