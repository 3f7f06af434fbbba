using System.Globalization;

namespace PSRunner.Export;

/// <summary>How times are written in text formats.</summary>
internal static class TextCell
{
    /// <summary>ISO 8601, UTC, microseconds: what the Parquet column holds.</summary>
    public static string Of(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
