namespace PSRunner;

/// <summary>One thing to run: a kind, a name, parameters; optionally its own limits, tags and the lane it needs.</summary>
/// <remarks>
/// A case has no id yet: ids are given when a plan freezes, because equal cases are kept apart by a repeat number.
/// Parameter values are scalars: null, string, bool, long or double.
/// </remarks>
public sealed class TestCase
{
    private const int FewParameters = 24;

    private readonly KeyValuePair<string, object?>[] _parameters;

    /// <param name="kind">The executor that runs it, in lower case: <c>workflow</c>, <c>prompt</c>, <c>script</c>, <c>command</c>, <c>pester</c>.</param>
    /// <param name="name">What tables show; needs not be unique.</param>
    /// <param name="parameters">Names and scalar values, in the order in which they become properties and columns.</param>
    /// <exception cref="ArgumentException">A value is no scalar, or a name occurs twice.</exception>
    public TestCase(string kind, string name, IEnumerable<KeyValuePair<string, object?>>? parameters = null)
    {
        Kind = kind;
        Name = name;
        _parameters = parameters?.ToArray() ?? [];

        // A few names are compared faster than they are put into a set; there may be a million cases.
        var many = _parameters.Length > FewParameters ? new HashSet<string>(_parameters.Length, StringComparer.OrdinalIgnoreCase) : null;
        for (var i = 0; i < _parameters.Length; i++)
        {
            var (key, value) = _parameters[i];
            _parameters[i] = new(key, ToScalar(key, value));
            if (many is null ? IsAmongFirst(i, key) : !many.Add(key))
            {
                throw new ArgumentException($"Test case '{name}' has the parameter '{key}' twice.", nameof(parameters));
            }
        }
    }

    /// <summary>The executor that runs it.</summary>
    public string Kind { get; }

    /// <summary>What tables show.</summary>
    public string Name { get; }

    /// <summary>Seconds the case may take; NaN: the batch's limit.</summary>
    public double TestTimeoutSeconds { get; init; } = double.NaN;

    /// <summary>Retries after provider, harness and crash causes; null: the batch's count.</summary>
    public int? RetryCount { get; init; }

    /// <summary>
    /// What the case competes for: an endpoint, whose name here holds a colon (<c>model:sim-strong</c>), a resource that the
    /// user named, which serves one case at a time unless told otherwise, or nothing (empty). Lanes never wait for each other.
    /// </summary>
    public string Lane { get; init; } = "";

    /// <summary>Free words to select results by.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>How often the case runs: equal cases apart only in their repeat number.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>What the executor needs beyond the parameters: a JSON object as text, or empty. Part of the case's id.</summary>
    internal string Definition { get; init; } = "";

    /// <summary>A text that many cases share (a tool registry, say), written once into the run folder; null when there is none.</summary>
    internal SharedDefinition? Shared { get; init; }

    /// <summary>The parameters in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> GetParameters() => _parameters;

    /// <summary>The value of a parameter, by its exact name in any case; null when there is none.</summary>
    public object? GetParameter(string name) =>
        _parameters.FirstOrDefault(p => string.Equals(p.Key, name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <inheritdoc/>
    public override string ToString() => Name;

    private bool IsAmongFirst(int count, string key)
    {
        for (var i = 0; i < count; i++)
        {
            if (string.Equals(key, _parameters[i].Key, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static object? ToScalar(string name, object? value) => value switch
    {
        null or string or bool or long or double => value,
        sbyte or byte or short or ushort or int or uint or ulong or float or decimal => ColumnValue.Exact(value),
        DateTime time => time.ToUniversalTime().ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        DateTimeOffset time => time.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        char or Guid or Uri or Enum or TimeSpan => value.ToString(),
        _ => throw new ArgumentException($"Parameter '{name}' holds a {value.GetType()}; a parameter is text, a number or a boolean."),
    };
}

/// <summary>A text that many cases of a plan share. Equal texts are one, by their hash.</summary>
/// <param name="Hash">XxHash128 of the UTF-8 text, 32 lower-case hex digits.</param>
/// <param name="Text">The text; JSON by convention.</param>
internal sealed record SharedDefinition(string Hash, string Text);
