using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace PSRunner.Commands;

/// <summary>What <c>-ResourceLimit @{ gpu = 2 }</c> says.</summary>
internal static class ResourceLimits
{
    /// <summary>What -Resource takes: a colon stands in the lanes of endpoints.</summary>
    public const string NamePattern = "^[^:]+$";

    /// <exception cref="TestBatchException"><c>BadResourceLimit</c>: a value is no whole number.</exception>
    public static IReadOnlyDictionary<string, int>? From(IDictionary? given) =>
        given?.Cast<DictionaryEntry>().ToDictionary(e => LanguagePrimitives.ConvertTo<string>(e.Key), ToLimit, StringComparer.OrdinalIgnoreCase);

    private static int ToLimit(DictionaryEntry entry) =>
        LanguagePrimitives.TryConvertTo(entry.Value, CultureInfo.InvariantCulture, out int limit)
            ? limit : throw Errors.NotALimit(LanguagePrimitives.ConvertTo<string>(entry.Key), entry.Value);

    /// <summary>The limits as the start line shows them: <c> (gpu 1)</c>; empty when there are none below the throttle.</summary>
    public static string Describe(IReadOnlyDictionary<string, int> limits, int throttle) =>
        string.Join(", ", limits.Where(l => l.Value < throttle).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Key} {l.Value}")))
            is { Length: > 0 } all ? $" ({all})" : "";
}
