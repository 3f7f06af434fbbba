using System.Collections.Frozen;
using System.Text;

namespace PSRunner;

/// <summary>The type of a column in files. Parameters are numbers or text; metrics are numbers.</summary>
public enum ColumnType
{
    /// <summary>UTF-8 text (VARCHAR).</summary>
    Text,

    /// <summary>64-bit floating point (DOUBLE); null when not measured.</summary>
    Number,

    /// <summary>64-bit integer (BIGINT).</summary>
    Integer,

    /// <summary>BOOLEAN.</summary>
    Boolean,

    /// <summary>TIMESTAMP, UTC, microseconds.</summary>
    Time,
}

/// <summary>One column of results: the property scripts see and the name files use.</summary>
/// <param name="Property">As the user typed it, or PascalCase where the name is ours.</param>
/// <param name="Column">snake_case, unique within the batch.</param>
/// <param name="Type">The type in files.</param>
/// <param name="Source">The name in the case or the report, where it is not the property: <c>id</c> becomes <c>ParamId</c>.</param>
public sealed record ResultColumn(string Property, string Column, ColumnType Type, string? Source = null);

/// <summary>
/// The columns of one batch: the fixed ones, its parameters, its metrics. Decided when the plan freezes, so that every
/// result of the batch shows the same properties and every part has the same columns.
/// </summary>
public sealed class ResultSchema
{
    private readonly FrozenDictionary<string, int> _parameterIndex;
    private readonly FrozenDictionary<string, int> _metricIndex;

    /// <summary>The columns that every batch has, in the order in which files and objects show them (parameters and metrics follow "name").</summary>
    public static IReadOnlyList<ResultColumn> Fixed { get; } =
    [
        new("Outcome", "outcome", ColumnType.Text),
        new("Cause", "cause", ColumnType.Text),
        new("FaultDomain", "fault_domain", ColumnType.Text),
        new("Scored", "scored", ColumnType.Boolean),
        new("Score", "score", ColumnType.Number),
        new("Kind", "kind", ColumnType.Text),
        new("Name", "name", ColumnType.Text),
        new("DurationSeconds", "duration_seconds", ColumnType.Number),
        new("Attempt", "attempt", ColumnType.Integer),
        new("Session", "session", ColumnType.Integer),
        new("StartedAt", "started_at", ColumnType.Time),
        new("Message", "message", ColumnType.Text),
        new("Output", "output", ColumnType.Text),
        new("ArtifactPath", "artifact_path", ColumnType.Text),
        new("Batch", "batch", ColumnType.Text),
        new("Index", "index", ColumnType.Integer),
        new("Id", "id", ColumnType.Text),
        new("OtherMetrics", "other_metrics", ColumnType.Text),
    ];

    /// <summary>Names that no parameter or metric may take: the fixed properties and those that only objects have.</summary>
    private static readonly FrozenSet<string> Taken =
        Fixed.Select(c => Fold(c.Property)).Append("duration").Append("runfolder").ToFrozenSet(StringComparer.Ordinal);

    /// <summary>No parameters, no metrics.</summary>
    public static ResultSchema Empty { get; } = new([], []);

    /// <param name="parameters">The parameters' columns in order, as <see cref="Build"/> made them.</param>
    /// <param name="metrics">The metrics' columns in order.</param>
    public ResultSchema(IReadOnlyList<ResultColumn> parameters, IReadOnlyList<ResultColumn> metrics)
    {
        Parameters = parameters;
        Metrics = metrics;
        _parameterIndex = IndexOf(parameters);
        _metricIndex = IndexOf(metrics);
    }

    /// <summary>The parameters of the plan's cases.</summary>
    public IReadOnlyList<ResultColumn> Parameters { get; }

    /// <summary>The metrics that the executors declared.</summary>
    public IReadOnlyList<ResultColumn> Metrics { get; }

    /// <summary>Makes the schema of a plan; a name that is taken gets <c>Param</c> or <c>Metric</c> before it.</summary>
    /// <param name="parameters">Names as typed and their types, in the order of first appearance.</param>
    /// <param name="metrics">Metric names as declared.</param>
    public static ResultSchema Build(IEnumerable<(string Name, ColumnType Type)> parameters, IEnumerable<string> metrics)
    {
        var used = new HashSet<string>(Taken, StringComparer.Ordinal);
        var parameterColumns = parameters.Select(p => Column(p.Name, "Param", p.Type, used)).ToArray();
        var metricColumns = metrics.Select(m => Column(m, "Metric", ColumnType.Number, used)).ToArray();
        return new ResultSchema(parameterColumns, metricColumns);
    }

    /// <summary>Place of a parameter by property or by its name in the case, whatever the spelling (<c>max_tokens</c>, <c>MaxTokens</c>); -1 when there is none.</summary>
    public int FindParameter(string name) => _parameterIndex.GetValueOrDefault(Fold(name), -1);

    /// <summary>Place of a metric by name, whatever its spelling; -1 when there is none.</summary>
    public int FindMetric(string name) => _metricIndex.GetValueOrDefault(Fold(name), -1);

    /// <summary>
    /// The values of a case's parameters in the order of <see cref="Parameters"/> and in the types of their columns, so that
    /// objects and files show the same; null where the case has none.
    /// </summary>
    internal object?[] ParametersOf(TestCase testCase)
    {
        var values = new object?[Parameters.Count];
        var next = 0;
        var parameters = testCase.GetParameters();
        for (var i = 0; i < parameters.Count; i++)
        {
            var (name, value) = parameters[i];

            // Most cases name all of them in their order; the search folds the name and costs ten times as much.
            var at = next < values.Length && Parameters[next] is { Source: null } column && column.Property == name ? next : FindParameter(name);
            if (at >= 0)
            {
                values[at] = ColumnValue.Coerce(value, Parameters[at].Type);
                next = at + 1;
            }
        }

        return values;
    }

    /// <summary><c>PromptType</c> and <c>prompt type</c> become <c>prompt_type</c>.</summary>
    public static string ToSnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            var startsWord = char.IsUpper(c) && i > 0
                && (char.IsLower(name[i - 1]) || char.IsDigit(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord && text.Length > 0 && text[^1] != '_')
            {
                text.Append('_');
            }

            text.Append(char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_');
        }

        return text.ToString();
    }

    /// <summary>The form in which names are compared: letters and digits only, in lower case.</summary>
    internal static string Fold(string name) =>
        string.Create(name.Count(char.IsLetterOrDigit), name, static (span, source) =>
        {
            var at = 0;
            foreach (var c in source.Where(char.IsLetterOrDigit))
            {
                span[at++] = char.ToLowerInvariant(c);
            }
        });

    private static ResultColumn Column(string name, string prefix, ColumnType type, HashSet<string> used)
    {
        var property = name;
        if (!used.Add(Fold(property)))
        {
            property = prefix + char.ToUpperInvariant(name[0]) + name[1..];
            for (var n = 2; !used.Add(Fold(property)); n++)
            {
                property = prefix + char.ToUpperInvariant(name[0]) + name[1..] + n;
            }
        }

        return new ResultColumn(property, ToSnakeCase(property), type, property == name ? null : name);
    }

    private static FrozenDictionary<string, int> IndexOf(IReadOnlyList<ResultColumn> columns)
    {
        var index = columns.Select((c, i) => KeyValuePair.Create(Fold(c.Property), i)).ToDictionary(StringComparer.Ordinal);
        for (var i = 0; i < columns.Count; i++)
        {
            // A property wins over a source of the same spelling.
            index.TryAdd(Fold(columns[i].Source ?? columns[i].Property), i);
        }

        return index.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
