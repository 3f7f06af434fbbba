using System.Globalization;

namespace PSRunner.Export;

/// <summary>How cells are written as text, in any culture alike.</summary>
internal static class TextCell
{
    /// <summary>ISO 8601, UTC, microseconds: what the Parquet column holds.</summary>
    public static string Of(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A cell that is not null.</summary>
    public static string Of(object cell) => cell switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTime time => Of(time),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"A cell holds a {cell.GetType()}.", nameof(cell)),
    };
}
