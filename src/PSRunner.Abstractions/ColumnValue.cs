using System.Globalization;

namespace PSRunner;

/// <summary>Brings a parameter's value into the type of its column, so that objects and files show the same.</summary>
internal static class ColumnValue
{
    /// <summary>The value in the column's type: string, double, long, bool, or null; null too for what does not fit.</summary>
    /// <param name="value">Null, string, bool, long or double.</param>
    /// <param name="type">The column's type.</param>
    public static object? Coerce(object? value, ColumnType type) => (type, value) switch
    {
        (_, null) => null,
        (ColumnType.Text, string) => value,
        (ColumnType.Text, bool flag) => flag ? "true" : "false",
        (ColumnType.Text, _) => Convert.ToString(value, CultureInfo.InvariantCulture),
        (ColumnType.Number, long number) => (double)number,
        (ColumnType.Number, double number) => double.IsNaN(number) ? null : number,
        (ColumnType.Integer, long) => value,
        (ColumnType.Boolean, bool) => value,
        _ => null,
    };

    /// <summary>A number of any of .NET's types as long or double, whose digits are its own; as text where neither has them.</summary>
    public static object Exact(object number)
    {
        switch (number)
        {
            case ulong and > long.MaxValue:
                return Convert.ToString(number, CultureInfo.InvariantCulture)!;
            case float or double:
                return Convert.ToDouble(number, CultureInfo.InvariantCulture);
            case decimal digits:
                var rounded = (double)digits;
                return decimal.TryParse(rounded.ToString(CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var back) && back == digits
                    ? rounded
                    : digits.ToString(CultureInfo.InvariantCulture);
            default:
                return Convert.ToInt64(number, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>
    /// The value as objects show it. A column of numbers is DOUBLE in files, because the next plan may hold a fraction;
    /// whoever wrote 5 wants to see 5, not 5.00.
    /// </summary>
    public static object? Shown(object? value) => value is double number && Math.Abs(number) <= 1L << 53 && number == Math.Truncate(number) ? (long)number : value;
}
