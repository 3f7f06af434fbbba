using System.Collections.Frozen;
using System.Collections.ObjectModel;
using System.Management.Automation;

namespace PSRunner;

/// <summary>
/// Shows the parameters and metrics of a <see cref="TestResult"/> as properties beside its fixed ones, in one order, so
/// that <c>Group-Object Model</c> and <c>Export-Csv</c> just work. Named in the module's types file.
/// </summary>
/// <remarks>
/// A name is answered in any spelling (<c>max_tokens</c>, <c>MaxTokens</c>). An unknown name is null, never an exception:
/// PowerShell asks the adapter for method names too.
/// </remarks>
public sealed class TestResultAdapter : PSPropertyAdapter
{
    private sealed record Column(string Name, string TypeName, Func<TestResult, object?> Get);

    private static readonly Column[] BeforeParameters =
    [
        new(nameof(TestResult.Outcome), "System.String", r => r.Outcome),
        new(nameof(TestResult.Cause), "System.String", r => r.Cause),
        new(nameof(TestResult.FaultDomain), "System.String", r => r.FaultDomain),
        new(nameof(TestResult.Scored), "System.Boolean", r => r.Scored),
        new(nameof(TestResult.Score), "System.Double", r => r.Score),
        new(nameof(TestResult.Kind), "System.String", r => r.Kind),
        new(nameof(TestResult.Name), "System.String", r => r.Name),
    ];

    private static readonly Column[] AfterMetrics =
    [
        new(nameof(TestResult.DurationSeconds), "System.Double", r => r.DurationSeconds),
        new(nameof(TestResult.Duration), "System.TimeSpan", r => r.Duration),
        new(nameof(TestResult.Attempt), "System.Int32", r => r.Attempt),
        new(nameof(TestResult.Session), "System.Int32", r => r.Session),
        new(nameof(TestResult.StartedAt), "System.DateTime", r => r.StartedAt),
        new(nameof(TestResult.Message), "System.String", r => r.Message),
        new(nameof(TestResult.Output), "System.String", r => r.Output),
        new(nameof(TestResult.OtherMetrics), "System.String", r => r.OtherMetrics),
        new(nameof(TestResult.ArtifactPath), "System.String", r => r.ArtifactPath),
        new(nameof(TestResult.Batch), "System.String", r => r.Batch),
        new(nameof(TestResult.RunFolder), "System.String", r => r.RunFolder),
        new(nameof(TestResult.Index), "System.Int32", r => r.Index),
        new(nameof(TestResult.Id), "System.String", r => r.Id),
    ];

    private static readonly FrozenDictionary<string, Column> ByFoldedName =
        BeforeParameters.Concat(AfterMetrics).ToFrozenDictionary(c => ResultSchema.Fold(c.Name), StringComparer.Ordinal);

    /// <inheritdoc/>
    public override Collection<PSAdaptedProperty> GetProperties(object baseObject) => [.. ColumnsOf((TestResult)baseObject).Select(Property)];

    /// <inheritdoc/>
    public override PSAdaptedProperty? GetProperty(object baseObject, string propertyName) =>
        Find((TestResult)baseObject, propertyName) is { } column ? Property(column) : null;

    /// <inheritdoc/>
    public override object? GetPropertyValue(PSAdaptedProperty adaptedProperty)
    {
        ArgumentNullException.ThrowIfNull(adaptedProperty);
        return ((Column)adaptedProperty.Tag).Get((TestResult)adaptedProperty.BaseObject);
    }

    /// <inheritdoc/>
    public override string GetPropertyTypeName(PSAdaptedProperty adaptedProperty)
    {
        ArgumentNullException.ThrowIfNull(adaptedProperty);
        return ((Column)adaptedProperty.Tag).TypeName;
    }

    /// <inheritdoc/>
    public override bool IsGettable(PSAdaptedProperty adaptedProperty) => true;

    /// <inheritdoc/>
    public override bool IsSettable(PSAdaptedProperty adaptedProperty) => false;

    /// <inheritdoc/>
    public override void SetPropertyValue(PSAdaptedProperty adaptedProperty, object value) =>
        throw new SetValueException("A result is a record of what happened; its properties cannot be changed.");

    /// <summary>The names of all properties, in order.</summary>
    internal static IEnumerable<string> NamesOf(TestResult result) => ColumnsOf(result).Select(c => c.Name);

    /// <summary>The name of a property as the results spell it; null when there is none.</summary>
    internal static string? FindName(TestResult result, string name) => Find(result, name)?.Name;

    /// <summary>The value of a property by any spelling of its name; null when there is none.</summary>
    internal static object? ValueOf(TestResult result, string name) => Find(result, name)?.Get(result);

    private static IEnumerable<Column> ColumnsOf(TestResult result) => BeforeParameters
        .Concat(result.Schema.Parameters.Select(Parameter))
        .Concat(result.Schema.Metrics.Select(Metric))
        .Concat(AfterMetrics);

    private static Column? Find(TestResult result, string name)
    {
        if (ByFoldedName.TryGetValue(ResultSchema.Fold(name), out var column))
        {
            return column;
        }

        var parameter = result.Schema.FindParameter(name);
        if (parameter >= 0)
        {
            return Parameter(result.Schema.Parameters[parameter], parameter);
        }

        var metric = result.Schema.FindMetric(name);
        return metric >= 0 ? Metric(result.Schema.Metrics[metric], metric) : null;
    }

    private static Column Parameter(ResultColumn column, int place) =>
        new(column.Property, "System.Object", r => ColumnValue.Shown(r.ParameterValues[place]));

    private static Column Metric(ResultColumn column, int place) =>
        new(column.Property, "System.Double", r => r.MetricValues[place]);

    private static PSAdaptedProperty Property(Column column) => new(column.Name, column);
}
