using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Prompts;

/// <summary>Wrong orders of a plan's tools.</summary>
internal static class Disorder
{
    private const int MaxShuffles = 50;

    /// <summary>Another order of the tools; null when there are fewer than two.</summary>
    public static IReadOnlyList<string>? Of(IReadOnlyList<string> tools, string severity, ToolRegistry registry, SeededRandom random)
    {
        if (tools.Count < 2)
        {
            return null;
        }

        var light = OneTooEarly(tools, registry, random);
        return severity switch
        {
            "light" => light,
            "medium" => HalfReversed(tools, registry, random, atLeast: light),
            "severe" => [.. tools.Reverse()],
            _ => throw new ArgumentException($"'{severity}' is no severity.", nameof(severity)),
        };
    }

    /// <summary>Pairs of tools that stand the other way round than in the right order.</summary>
    public static int Inversions(IReadOnlyList<string> right, IReadOnlyList<string> order)
    {
        var place = order.Select((tool, index) => (tool, index)).ToDictionary(StringComparer.Ordinal);
        return Pairs(right).Count(pair => place[right[pair.First]] > place[right[pair.Second]]);
    }

    /// <summary>Pairs of tools of which one depends on the other and stands before it.</summary>
    public static int Violations(IReadOnlyList<string> order, ToolRegistry registry) =>
        Pairs(order).Count(pair => registry.Find(order[pair.First])!.Dependencies.Contains(order[pair.Second]));

    // The dependent that is nearest to its dependency goes right before it; without dependencies, two neighbours swap.
    private static List<string> OneTooEarly(IReadOnlyList<string> tools, ToolRegistry registry, SeededRandom random)
    {
        var (dependency, dependent) = random.Shuffle(Pairs(tools))
            .OrderByDescending(pair => registry.Find(tools[pair.Second])!.Dependencies.Contains(tools[pair.First]))
            .ThenBy(pair => pair.Second - pair.First)
            .First();
        List<string> order = [.. tools];
        order.RemoveAt(dependent);
        order.Insert(dependency, tools[dependent]);
        return order;
    }

    private static string[] HalfReversed(IReadOnlyList<string> tools, ToolRegistry registry, SeededRandom random, IReadOnlyList<string> atLeast)
    {
        var inversions = Math.Max(Inversions(tools, atLeast), tools.Count * (tools.Count - 1) / 4);
        var violations = Violations(atLeast, registry);
        for (var i = 0; i < MaxShuffles; i++)
        {
            var order = random.Shuffle(tools);
            if (Inversions(tools, order) >= inversions && Violations(order, registry) >= violations)
            {
                return order;
            }
        }

        return [.. tools.Reverse()]; // Of two tools there is no other order; of few, seldom another one.
    }

    private static IEnumerable<(int First, int Second)> Pairs(IReadOnlyList<string> tools) =>
        from first in Enumerable.Range(0, tools.Count)
        from second in Enumerable.Range(first + 1, tools.Count - first - 1)
        select (first, second);
}
