using System.Collections;
using System.Management.Automation;

namespace PSRunner.Commands;

/// <summary>What the commands share that make test cases.</summary>
public abstract class NewTestCommand : TestBatchCommand
{
    /// <summary>Seconds that a case may take.</summary>
    [Parameter(HelpMessage = "Seconds that a case may take; the batch's limit when not given.")]
    [Alias("TimeoutSeconds", "TestTimeout")]
    [ValidateRange(Seconds.Least, Seconds.Most)]
    [SecondsTransformation]
    public double TestTimeoutSeconds { get; set; }

    /// <summary>How often each case runs.</summary>
    [Parameter(HelpMessage = "How often each case runs.")]
    [ValidateRange(1, 100_000)]
    public int Repeat { get; set; } = 1;

    /// <summary>Retries of these cases.</summary>
    [Parameter(HelpMessage = "Retries of these cases; the batch's count when not given.")]
    [ValidateRange(0, 100)]
    public int RetryCount { get; set; }

    /// <summary>What the cases compete for.</summary>
    [Parameter(HelpMessage = "What the cases compete for, gpu for example: one at a time, or what -ResourceLimit of Start-TestBatch says. Tests of models: their endpoint, when not given.")]
    [ValidatePattern(ResourceLimits.NamePattern)]
    public string? Resource { get; set; }

    /// <summary>The limit that was given; NaN when none was.</summary>
    private protected double OwnTimeoutSeconds => Given(nameof(TestTimeoutSeconds), TestTimeoutSeconds) ?? double.NaN;

    /// <summary>The retry count that was given; null when none was.</summary>
    private protected int? OwnRetryCount => Given(nameof(RetryCount), RetryCount);

    /// <summary>A dictionary's names and values, without PowerShell's wrapping.</summary>
    private protected static IReadOnlyList<KeyValuePair<string, object?>> Pairs(IDictionary? dictionary) =>
        dictionary is null ? [] : [.. dictionary.Cast<DictionaryEntry>().Select(e => KeyValuePair.Create(LanguagePrimitives.ConvertTo<string>(e.Key), Unwrap(e.Value)))];

    /// <summary>A matrix' names and lists of values; a single value is a list of one.</summary>
    private protected static IReadOnlyList<KeyValuePair<string, IReadOnlyList<object?>>> Axes(IDictionary? matrix) =>
        [.. Pairs(matrix).Select(p => KeyValuePair.Create<string, IReadOnlyList<object?>>(p.Key, [.. ToList(p.Value).Select(Unwrap)]))];

    /// <summary>A value without PowerShell's wrapping.</summary>
    private protected static object? Unwrap(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    private static IEnumerable<object?> ToList(object? value) =>
        value is IEnumerable list and not string and not IDictionary ? list.Cast<object?>() : [value];
}
