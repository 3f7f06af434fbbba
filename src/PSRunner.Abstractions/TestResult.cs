namespace PSRunner;

/// <summary>The terminal record of a case: how it ended, whose fault that was, what it measured.</summary>
/// <remarks>
/// A plain class of about 600 bytes: the names live once per batch in <see cref="ResultSchema"/>, the values here.
/// The case's parameters and metrics appear as properties by the module's adapter; there is no public member that the
/// adapter does not show with the same value, because ConvertTo-Json reads public members beside the adapter.
/// Numbers that were not measured are NaN.
/// </remarks>
public sealed class TestResult
{
    /// <summary>One of <see cref="Outcomes"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>A word of <see cref="Causes"/>; empty when passed.</summary>
    public string Cause { get; init; } = "";

    /// <summary>One of <see cref="FaultDomains"/>; empty when passed.</summary>
    public string FaultDomain { get; init; } = "";

    /// <summary>True when the result may enter a success rate.</summary>
    public bool Scored { get; init; }

    /// <summary>0 to 1; NaN when the case was not judged.</summary>
    public double Score { get; init; } = double.NaN;

    /// <summary>The kind of the case.</summary>
    public required string Kind { get; init; }

    /// <summary>The name of the case.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Seconds from dispatch to end of the last attempt. Its waits for a turn at an endpoint are in it; the metric
    /// RateWaitSeconds says how long they were.
    /// </summary>
    public double DurationSeconds { get; init; }

    /// <summary>The same as a TimeSpan.</summary>
    public TimeSpan Duration => double.IsNaN(DurationSeconds) ? TimeSpan.Zero : TimeSpan.FromSeconds(DurationSeconds);

    /// <summary>The number of the attempt that ended the case; grows over sessions.</summary>
    public int Attempt { get; init; }

    /// <summary>The session (start, resume) in which it ended, from 1.</summary>
    public int Session { get; init; }

    /// <summary>When the last attempt was dispatched, UTC.</summary>
    public DateTime StartedAt { get; init; }

    /// <summary>Why, in words; empty when there is nothing to say.</summary>
    public string Message { get; init; } = "";

    /// <summary>What the test wrote, bounded; the rest is in the artifacts.</summary>
    public string Output { get; init; } = "";

    /// <summary>The folder of the attempt's artifacts, relative to the run folder with forward slashes; empty when there are none.</summary>
    public string ArtifactPath { get; init; } = "";

    /// <summary>The batch's id.</summary>
    public string Batch { get; init; } = "";

    /// <summary>The run folder as the batch's reader knows it.</summary>
    public string RunFolder { get; init; } = "";

    /// <summary>The place of the case in the plan, from 0.</summary>
    public int Index { get; init; }

    /// <summary>The case's id, 32 lower-case hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Metrics that no executor declared, as one JSON object; empty when there are none.</summary>
    public string OtherMetrics { get; init; } = "";

    /// <summary>The names of parameters and metrics.</summary>
    internal ResultSchema Schema { get; init; } = ResultSchema.Empty;

    /// <summary>Values in the order of <see cref="ResultSchema.Parameters"/>: null, string, bool, long or double.</summary>
    internal object?[] ParameterValues { get; init; } = [];

    /// <summary>Values in the order of <see cref="ResultSchema.Metrics"/>; NaN where not measured.</summary>
    internal double[] MetricValues { get; init; } = [];

    /// <summary>The case's parameters by property name, in the plan's order.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> GetParameters() =>
        [.. Schema.Parameters.Select((c, i) => KeyValuePair.Create(c.Property, ColumnValue.Shown(ParameterValues[i])))];

    /// <summary>The metrics by property name; NaN where not measured.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> GetMetrics() =>
        [.. Schema.Metrics.Select((c, i) => KeyValuePair.Create(c.Property, MetricValues[i]))];

    /// <summary>The parts of a test that tells them apart (the Its of a Pester file), read from its artifacts; empty for others.</summary>
    public IReadOnlyList<TestStep> GetSteps() =>
        ArtifactPath.Length > 0 && Path.Combine(RunFolder, ArtifactPath, StepLine.FileName) is var path && File.Exists(path) ? StepLine.ReadAll(path) : [];

    /// <inheritdoc/>
    public override string ToString() => $"{Outcome} {Name}";
}
