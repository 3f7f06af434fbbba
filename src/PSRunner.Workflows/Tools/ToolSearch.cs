using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace PSRunner.Workflows.Tools;

/// <summary>Finds tools by words. Lexical and deterministic: no model, no network, the same answer everywhere.</summary>
/// <remarks>
/// The score of a tool is the sum over the query's words of weight x match x rarity, where weight is 3 for a word of the
/// name, 1 for one of the description and 0.5 for one of a parameter, match is that of <see cref="Words.Match"/>, and
/// rarity is ln(1 + tools / tools with that word). Ties keep the order of the registry; scores that differ by less than a
/// millionth are ties, because the last digits of a logarithm are not the same on every machine.
/// </remarks>
internal sealed class ToolSearch
{
    private const double NameWeight = 3, DescriptionWeight = 1, ParameterWeight = 0.5;

    private readonly Entry[] _entries;
    private readonly FrozenDictionary<string, double> _rarity;
    private readonly ConcurrentDictionary<string, IReadOnlyList<ToolDefinition>> _alike = new(StringComparer.Ordinal); // Bounded by the registry.

    public ToolSearch(IReadOnlyList<ToolDefinition> tools)
    {
        _entries = [.. tools.Select(tool => new Entry(tool, Weigh(tool)))];
        _rarity = _entries
            .SelectMany(entry => entry.Weights.Keys)
            .GroupBy(word => word, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => Math.Log(1 + ((double)tools.Count / group.Count())), StringComparer.Ordinal);
    }

    /// <summary>The best tools for a query, best first; tools that match no word are left out.</summary>
    public IReadOnlyList<ToolDefinition> Find(string words, int top) =>
        [.. Rank([.. Words.Of(words).Distinct(StringComparer.Ordinal)]).Take(top)];

    /// <summary>The other tools by likeness to this one, most alike first; tools that share no word come last.</summary>
    /// <param name="tool">A tool of the registry.</param>
    public IReadOnlyList<ToolDefinition> Alike(ToolDefinition tool) => _alike.GetOrAdd(tool.Name, _ => RankAlike(tool));

    private IReadOnlyList<ToolDefinition> RankAlike(ToolDefinition tool)
    {
        var alike = Rank([.. Words.Of($"{tool.Name} {tool.Description}").Distinct(StringComparer.Ordinal)]).Where(other => other.Name != tool.Name).ToList();
        var named = alike.Select(other => other.Name).Append(tool.Name).ToHashSet(StringComparer.Ordinal);
        return [.. alike, .. _entries.Select(entry => entry.Tool).Where(other => !named.Contains(other.Name))];
    }

    private IEnumerable<ToolDefinition> Rank(IReadOnlyList<string> query) =>
        from entry in _entries
        let score = Math.Round(Score(entry, query), 6)
        where score > 0
        orderby score descending // OrderBy is stable, so ties keep the order of the registry.
        select entry.Tool;

    private double Score(Entry entry, IReadOnlyList<string> query)
    {
        var score = 0.0;
        foreach (var asked in query)
        {
            var best = 0.0;
            foreach (var (word, weight) in entry.Weights)
            {
                best = Math.Max(best, weight * Words.Match(asked, word) * _rarity[word]);
            }

            score += best;
        }

        return score;
    }

    private static Dictionary<string, double> Weigh(ToolDefinition tool)
    {
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        Add(tool.Name, NameWeight);
        Add(tool.Description, DescriptionWeight);
        foreach (var parameter in tool.Parameters)
        {
            Add(parameter.Name, ParameterWeight);
        }

        return weights;

        void Add(string text, double weight)
        {
            foreach (var word in Words.Of(text))
            {
                weights[word] = Math.Max(weight, weights.GetValueOrDefault(word));
            }
        }
    }

    private sealed record Entry(ToolDefinition Tool, Dictionary<string, double> Weights);
}
