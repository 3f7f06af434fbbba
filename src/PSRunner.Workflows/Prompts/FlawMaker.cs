using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Prompts;

/// <summary>Damages plans. What it gives back always reads differently from the right plan; the model is not told.</summary>
/// <remarks>
/// <list type="table">
/// <item><term>sequence_disorder</term><description>Steps in the wrong order: light moves one step before one it depends
/// on (or swaps neighbours), medium is a shuffle that is at least half reversed, severe is reversed. From 2 steps.</description></item>
/// <item><term>tool_misuse</term><description>1, 2 or more than half of the tools replaced by others that sound alike.</description></item>
/// <item><term>parameter_error</term><description>1, 2 or more than half of the steps with a wrong value, a value of the wrong
/// type, a missing or an unknown argument.</description></item>
/// <item><term>missing_step</term><description>1, 2 or all inner steps left out, required ones first. From 2 steps.</description></item>
/// <item><term>redundant_operations</term><description>1, 2 or all steps stand twice.</description></item>
/// <item><term>logical_inconsistency</term><description>1, 2 or more than half of the steps work on the output of a step that
/// comes later, or want it in another form than it has. From 2 steps.</description></item>
/// <item><term>semantic_drift</term><description>The last step, the second half or all but the first step wander off: each is
/// replaced by a tool alike to the step before it instead of what the task needs. From 2 steps.</description></item>
/// </list>
/// In the old runner parameter_error, logical_inconsistency and semantic_drift changed nothing that a model could see.
/// </remarks>
internal static class FlawMaker
{
    /// <summary>Damages a plan; the same question gives the same damage.</summary>
    /// <param name="plan">The right plan, as <see cref="PlanWriter"/> wrote it with the same <paramref name="seed"/>.</param>
    /// <param name="required">Names of the tools the task requires.</param>
    /// <param name="flaw">One of <see cref="Flaws"/>.</param>
    /// <param name="severity">One of <see cref="Severities"/>.</param>
    /// <param name="registry">Holds the plan's tools and those that may replace them.</param>
    /// <param name="seed">Decides where the damage goes.</param>
    /// <returns>The damaged plan; null when the flaw is not applicable, because the plan or the registry is too small for it.</returns>
    public static ShownPlan? Apply(ShownPlan plan, IReadOnlyCollection<string> required, string flaw, string severity, ToolRegistry registry, string seed)
    {
        var random = new SeededRandom($"flaw/{flaw}/{seed}");
        var tools = plan.Tools;
        return flaw switch
        {
            Flaws.ParameterError => Affect(plan, Some(tools.Count, severity, random), step => BrokenArguments.Of(step, registry.Find(step.Tool)!, random)),
            Flaws.LogicalInconsistency => tools.Count < 2 ? null : BrokenLogic.Of(plan, Some(tools.Count, severity, random), random),
            Flaws.SequenceDisorder => Rewrite(Disorder.Of(tools, severity, registry, random)),
            Flaws.ToolMisuse => Rewrite(Misuse(tools, Some(tools.Count, severity, random), registry, random)),
            Flaws.MissingStep => Rewrite(Omit(tools, required, severity, random)),
            Flaws.RedundantOperations => Rewrite(Repeat(tools, severity, random)),
            Flaws.SemanticDrift => Rewrite(Drift(tools, severity, registry, random)),
            _ => throw new ArgumentException($"'{flaw}' is no flaw.", nameof(flaw)),
        };

        ShownPlan? Rewrite(IReadOnlyList<string>? damaged) => damaged is null ? null : PlanWriter.Write(damaged, registry, seed);
    }

    /// <summary>How many of n steps a flaw touches.</summary>
    private static int Count(string severity, int n) => severity switch
    {
        "light" => 1,
        "medium" => Math.Min(2, n),
        "severe" => Math.Min(n, Math.Max(2, (n / 2) + 1)),
        _ => throw new ArgumentException($"'{severity}' is no severity.", nameof(severity)),
    };

    // The first of a shuffle: what is touched lightly is touched severely too.
    private static HashSet<int> Some(int n, string severity, SeededRandom random) => [.. random.Shuffle(Enumerable.Range(0, n)).Take(Count(severity, n))];

    private static ShownPlan Affect(ShownPlan plan, HashSet<int> places, Func<PlanStep, PlanStep> damage) =>
        new([.. plan.Steps.Select((step, index) => places.Contains(index) ? damage(step) : step)]);

    private static List<string>? Misuse(IReadOnlyList<string> tools, HashSet<int> places, ToolRegistry registry, SeededRandom random)
    {
        List<string> damaged = [.. tools];
        foreach (var place in places.Order())
        {
            damaged[place] = Another(registry.Find(tools[place])!, [.. tools, .. damaged], registry, random)?.Name ?? damaged[place];
        }

        return damaged.SequenceEqual(tools) ? null : damaged;
    }

    private static List<string>? Drift(IReadOnlyList<string> tools, string severity, ToolRegistry registry, SeededRandom random)
    {
        var n = tools.Count;
        List<string> damaged = [.. tools];
        var start = severity switch
        {
            "light" => n - 1,
            "medium" => n / 2,
            "severe" => 1,
            _ => throw new ArgumentException($"'{severity}' is no severity.", nameof(severity)),
        };
        for (var place = Math.Max(1, start); place < n; place++)
        {
            damaged[place] = Another(registry.Find(damaged[place - 1])!, [.. tools, .. damaged], registry, random)?.Name ?? damaged[place];
        }

        return damaged.SequenceEqual(tools) ? null : damaged;
    }

    // One of the two tools most alike among those the plan does not hold.
    private static ToolDefinition? Another(ToolDefinition tool, HashSet<string> taken, ToolRegistry registry, SeededRandom random)
    {
        var others = registry.Alike(tool).Where(other => !taken.Contains(other.Name)).Take(2).ToList();
        return others.Count == 0 ? null : random.Pick(others);
    }

    private static List<string>? Omit(IReadOnlyList<string> tools, IReadOnlyCollection<string> required, string severity, SeededRandom random)
    {
        var n = tools.Count;
        if (n < 2)
        {
            return null;
        }

        var count = severity == "severe" ? Math.Max(n - 2, Math.Min(2, n - 1)) : Math.Min(n - 1, Count(severity, n));
        var omitted = random.Shuffle(Enumerable.Range(0, n))
            .OrderByDescending(place => required.Contains(tools[place]))
            .ThenByDescending(place => place > 0 && place < n - 1)
            .ThenBy(place => place == n - 1)
            .Take(count)
            .ToHashSet();
        return [.. tools.Where((_, place) => !omitted.Contains(place))];
    }

    private static List<string> Repeat(IReadOnlyList<string> tools, string severity, SeededRandom random)
    {
        var n = tools.Count;
        var repeated = random.Shuffle(Enumerable.Range(0, n)).Take(severity == "severe" ? n : Count(severity, n)).ToHashSet();
        return [.. tools.SelectMany((tool, place) => Enumerable.Repeat(tool, repeated.Contains(place) ? 2 : 1))];
    }
}
