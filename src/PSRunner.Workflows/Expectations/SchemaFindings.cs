using System.Diagnostics;

namespace PSRunner.Workflows.Expectations;

/// <summary>What a schema found wrong with a reply, up to a number, and the time it may take to find it.</summary>
/// <param name="most">How many findings are kept; more are only counted.</param>
/// <param name="clock">How long all of it has taken.</param>
internal sealed class SchemaFindings(int most, Stopwatch clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly List<string> _kept = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<string> Kept => _kept;

    /// <summary>Adds one: a keyword and what it said, and the place in the reply.</summary>
    public void Add(string rule, string path)
    {
        Count++;
        if (_kept.Count < most)
        {
            _kept.Add($"{rule} at {path}");
        }
    }

    /// <summary>Whether a value is what a schema allows, without a word of what is wrong with it.</summary>
    /// <exception cref="TimeoutException">Schemas that choose between schemas may take for ever.</exception>
    public bool Fits(Schema schema, System.Text.Json.JsonElement value)
    {
        var apart = new SchemaFindings(0, clock);
        schema.Check(value, "", apart);
        return apart.Count == 0;
    }

    /// <summary>Called once for each value and schema.</summary>
    /// <exception cref="TimeoutException">All of it takes too long.</exception>
    public void Look()
    {
        if (clock.Elapsed > Limit)
        {
            throw new TimeoutException($"The schema takes longer than {Limit.TotalSeconds:0} s.");
        }
    }
}
