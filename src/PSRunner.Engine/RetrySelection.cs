using System.IO.Enumeration;

namespace PSRunner.Engine;

/// <summary>Which finished cases <c>-RetryOutcome</c> means: outcomes, or causes with wildcards.</summary>
internal sealed class RetrySelection
{
    private readonly HashSet<string> _outcomes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _causes = new(StringComparer.Ordinal);

    /// <param name="words">What the user wrote.</param>
    /// <exception cref="TestBatchException">A word is neither an outcome nor matches a cause.</exception>
    public RetrySelection(IEnumerable<string> words)
    {
        foreach (var word in words)
        {
            var outcome = Outcomes.All.FirstOrDefault(o => string.Equals(o, word, StringComparison.OrdinalIgnoreCase));
            var causes = Causes.Table.Where(c => c.Name.Length > 0 && FileSystemName.MatchesSimpleExpression(word, c.Name)).Select(c => c.Name).ToList();
            if (outcome is not null)
            {
                _outcomes.Add(outcome);
            }
            else if (causes.Count > 0)
            {
                _causes.UnionWith(causes);
            }
            else
            {
                throw new TestBatchException(
                    "UnknownRetryOutcome", ErrorKind.InvalidArgument,
                    $"-RetryOutcome takes outcomes (Failed, Errored, TimedOut, Crashed, Skipped) or causes (throttled, no-reply, ...), not '{word}'.", word);
            }
        }
    }

    /// <summary>True when nothing is selected.</summary>
    public bool IsEmpty => _outcomes.Count == 0 && _causes.Count == 0;

    /// <summary>True when the case is to run again.</summary>
    public bool Includes(TestResult result) => _outcomes.Contains(result.Outcome) || _causes.Contains(result.Cause);
}
