using System.Text.Json;

namespace PSRunner.Workflows.Expectations;

/// <summary>Looks at a value and says what is wrong with it.</summary>
internal delegate void SchemaCheck(JsonElement value, string path, SchemaFindings found);

/// <summary>A schema, read: all of its checks hold for a value that it allows.</summary>
internal sealed class Schema
{
    /// <summary>What it looks at, in the order of its keywords.</summary>
    public List<SchemaCheck> Checks { get; } = [];

    /// <summary>Schemas that it holds the same value to: a circle of them would never end.</summary>
    public List<Schema> OfSameValue { get; } = [];

    /// <summary>Says what is wrong with a value.</summary>
    /// <exception cref="TimeoutException">It takes too long; so may a regular expression.</exception>
    public void Check(JsonElement value, string path, SchemaFindings found)
    {
        found.Look();
        foreach (var check in Checks)
        {
            check(value, path, found);
        }
    }
}
