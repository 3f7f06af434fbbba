using System.Globalization;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Prompts;

/// <summary>Steps whose flow of data cannot be.</summary>
internal static class BrokenLogic
{
    private static readonly string[] Forms = ["a table", "a JSON object", "plain text", "an XML tree", "a list of numbers"];

    /// <summary>The plan with, at each of the places, a step that uses what does not exist yet or wants it in another form.</summary>
    /// <param name="plan">From 2 steps.</param>
    /// <param name="places">Indices of steps, from 0.</param>
    /// <param name="random">Decides which of the two.</param>
    public static ShownPlan Of(ShownPlan plan, HashSet<int> places, SeededRandom random)
    {
        var steps = plan.Steps.ToArray();
        var last = steps.Length - 1;
        foreach (var place in places.Order())
        {
            var fromLater = random.Next(2) == 0;
            steps[place] = place == 0 || (fromLater && place < last)
                ? steps[place] with { UsesOutputOf = place + 2 + random.Next(last - place) }
                : steps[place] with { Reason = steps[place].Reason + Mismatch(steps[place].UsesOutputOf ?? place, random) };
        }

        return new ShownPlan(steps);
    }

    private static string Mismatch(int source, SeededRandom random)
    {
        var forms = random.Shuffle(Forms);
        return string.Create(CultureInfo.InvariantCulture, $" (reads {forms[0]} from step {source}, which gives {forms[1]})");
    }
}
