using System.Management.Automation;

namespace PSRunner.Commands;

/// <summary>The words of <c>-Outcome</c> and <c>-RetryOutcome</c>: outcomes, or causes with wildcards. Never numbers.</summary>
internal sealed class OutcomeFilter
{
    private readonly HashSet<string> _outcomes = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _causes = new(StringComparer.OrdinalIgnoreCase);

    private OutcomeFilter()
    {
    }

    /// <summary>The outcomes and causes that the words mean, written out.</summary>
    public IReadOnlyList<string> Words => [.. _outcomes, .. _causes];

    /// <exception cref="TestBatchException">A word is neither an outcome nor matches a cause.</exception>
    public static OutcomeFilter Parse(IEnumerable<string> words, string parameter)
    {
        var filter = new OutcomeFilter();
        foreach (var word in words)
        {
            var pattern = WildcardPattern.Get(word, WildcardOptions.IgnoreCase);
            var outcomes = Outcomes.All.Where(pattern.IsMatch).ToList();
            var causes = outcomes.Count > 0 ? [] : Causes.Table.Select(c => c.Name).Where(name => name.Length > 0 && pattern.IsMatch(name)).ToList();
            if (outcomes.Count + causes.Count == 0)
            {
                throw Errors.NotAnOutcome(word, parameter);
            }

            filter._outcomes.UnionWith(outcomes);
            filter._causes.UnionWith(causes);
        }

        return filter;
    }

    public bool Matches(TestResult result) => _outcomes.Contains(result.Outcome) || _causes.Contains(result.Cause);
}
