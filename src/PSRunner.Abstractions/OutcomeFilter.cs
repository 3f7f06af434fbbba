using System.IO.Enumeration;

namespace PSRunner;

/// <summary>The words of <c>-Outcome</c> and <c>-RetryOutcome</c>: outcomes or causes, both with wildcards. Never numbers.</summary>
internal sealed class OutcomeFilter
{
    private readonly HashSet<string> _outcomes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _causes = new(StringComparer.Ordinal);

    /// <param name="words">What the user wrote.</param>
    /// <param name="parameter">Where, for the error.</param>
    /// <exception cref="TestBatchException">A word matches neither an outcome nor a cause.</exception>
    public OutcomeFilter(IEnumerable<string> words, string parameter)
    {
        foreach (var word in words)
        {
            var outcomes = Outcomes.All.Where(o => IsMatch(word, o)).ToList();
            var causes = outcomes.Count > 0 ? [] : Causes.Table.Select(c => c.Name).Where(name => name.Length > 0 && IsMatch(word, name)).ToList();
            if (outcomes.Count + causes.Count == 0)
            {
                throw new TestBatchException(
                    "BadOutcomeWord", ErrorKind.InvalidArgument,
                    $"-{parameter} takes outcomes ({string.Join(", ", Outcomes.All)}) or causes (throttled, no-reply, ...), not '{word}'.", word);
            }

            _outcomes.UnionWith(outcomes);
            _causes.UnionWith(causes);
        }
    }

    /// <summary>True when nothing is selected.</summary>
    public bool IsEmpty => _outcomes.Count + _causes.Count == 0;

    /// <summary>True when the result is meant.</summary>
    public bool Matches(TestResult result) => _outcomes.Contains(result.Outcome) || _causes.Contains(result.Cause);

    private static bool IsMatch(string word, string name) => FileSystemName.MatchesSimpleExpression(word, name);
}
