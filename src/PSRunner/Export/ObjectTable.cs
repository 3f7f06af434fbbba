using System.Globalization;
using System.Management.Automation;

namespace PSRunner.Export;

/// <summary>Any objects as a table: the columns are the properties of all of them, not of the first alone.</summary>
internal static class ObjectTable
{
    public static ExportTable Create(IReadOnlyList<PSObject> objects)
    {
        string[] columns = [.. objects.SelectMany(o => o.Properties).Where(p => p.IsGettable).Select(p => p.Name).Distinct(StringComparer.OrdinalIgnoreCase)];
        return columns.Length > 0 && !objects.All(o => o.BaseObject is string || o.BaseObject.GetType().IsPrimitive)
            ? new ExportTable(columns, objects.Select(o => columns.Select(c => Cell(ValueOf(o, c))).ToArray()))
            : new ExportTable(["value"], objects.Select(o => new[] { Cell(o.BaseObject) }));
    }

    private static object? ValueOf(PSObject item, string property)
    {
        try
        {
            return item.Properties[property]?.Value;
        }
        catch (GetValueException)
        {
            // A property that throws when it is read has no value to save.
            return null;
        }
    }

    private static object? Cell(object? value) => value switch
    {
        PSObject wrapped => Cell(wrapped.BaseObject),
        null or string or bool or long => value,
        double number => ExportTable.Measured(number),
        sbyte or byte or short or ushort or int or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        float or decimal or ulong => ExportTable.Measured(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        DateTime time => time.ToUniversalTime(),
        DateTimeOffset time => time.UtcDateTime,
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };
}
