using CsCheck;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tests.Planning;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Tasks;

public class TaskCompletionTests
{
    // b depends on a, c on b.
    private static readonly ToolRegistry Chain = new(
        [Tool("a"), Tool("b", "a"), Tool("c", "b")], "chain");

    [Theory]
    [InlineData("a b", "a+ b+", true)]
    [InlineData("a b", "b+ a+", false)]
    [InlineData("a b", "b+ a+ b+", true)] // Too early does not count and does no harm.
    [InlineData("a b", "a- b+ a+", false)]
    [InlineData("a b", "a+ a- b+", true)] // What succeeded has succeeded.
    [InlineData("b", "b+", true)] // a is not required: it only changes the odds.
    [InlineData("a c", "c+ a+", true)] // b is not required, so nothing ties c to a.
    [InlineData("a b c", "a+ b+ c+", true)]
    [InlineData("a b c", "b+ a+ c+ b+", false)] // c ran on a b that did not count.
    [InlineData("a b c", "b+ a+ b+ c+", true)]
    [InlineData("a b", "a+", false)]
    [InlineData("a", "", false)]
    [InlineData("a", "x+ a+ x-", true)]
    public void Required_tools_count_after_the_required_tools_they_depend_on(string required, string runs, bool completed) =>
        Assert.Equal(completed, TaskCompletion.IsCompleted(required.Split(' '), Chain, Runs(runs)));

    [Fact]
    public void Done_lists_what_counted_in_its_order() =>
        Assert.Equal(["a", "c"], TaskCompletion.Done(["c", "a"], Chain, Runs("b+ a+ c+")));

    [Fact]
    public void Completed_means_that_a_valid_order_is_among_the_successes()
    {
        // The other way to say it, by brute force over all orders of the required tools.
        Gen.Select(Gen.Int[0, 63], Gen.Int[1, 15], Gen.Int[0, 7].Array[0, 9]).Sample(
            (dependencies, requiredBits, script) =>
            {
                var registry = SmallWorlds.Registry(4, dependencies);
                var required = Enumerable.Range(0, 4).Where(tool => (requiredBits >> tool & 1) == 1).Select(SmallWorlds.Name).ToList();
                var runs = script.Select((step, i) => new ToolRun(i + 1, SmallWorlds.Name(step >> 1), (step & 1) == 1, "", "", 0)).ToList();
                var successes = runs.Where(run => run.Succeeded).Select(run => run.Tool).ToList();
                var expected = Orders(required).Any(order => IsValid(order, registry) && IsWithin(order, successes));

                Assert.Equal(expected, TaskCompletion.IsCompleted(required, registry, runs));
            },
            iter: 5_000, seed: "0N0XIzNsQ0O2");
    }

    private static bool IsValid(List<string> order, ToolRegistry registry) =>
        order.Index().All(step => registry.Find(step.Item)!.Dependencies.All(dependency => order.IndexOf(dependency) < step.Index));

    private static bool IsWithin(List<string> order, List<string> successes)
    {
        var next = 0;
        foreach (var tool in successes)
        {
            next += next < order.Count && order[next] == tool ? 1 : 0;
        }

        return next == order.Count;
    }

    private static IEnumerable<List<string>> Orders(List<string> tools) => tools.Count == 0
        ? [[]]
        : tools.SelectMany(first => Orders([.. tools.Where(tool => tool != first)]).Select(rest => (List<string>)[first, .. rest]));

    private static IEnumerable<ToolRun> Runs(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select((run, i) => new ToolRun(i + 1, run[..^1], run[^1] == '+', "", "", 0));

    private static ToolDefinition Tool(string name, params string[] dependencies) => new(name, "lab", "Do.", [], ["FAILED"], dependencies);
}
