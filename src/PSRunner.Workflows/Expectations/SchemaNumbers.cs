using System.Text.Json;
using Json.Schema;

namespace PSRunner.Workflows.Expectations;

/// <summary>Numbers of JSON, exact where a double can hold their size.</summary>
internal static class SchemaNumbers
{
    /// <summary>The library divides on the stack, by a byte for each digit and each power of ten.</summary>
    private const int MostDigits = 1000;

    private static readonly JsonElement Zero = JsonElement.Parse("0");
    private static readonly JsonElement One = JsonElement.Parse("1");

    /// <summary>Whether it has no fraction; 1.0 has none.</summary>
    public static bool IsWhole(JsonElement number) => double.IsInfinity(number.GetDouble()) || IsMultiple(number, One);

    /// <summary>Whether one is the other, which is over 0, taken a whole number of times.</summary>
    public static bool IsMultiple(JsonElement number, JsonElement of) => number.GetDouble() switch
    {
        0 => JsonElement.DeepEquals(number, Zero),
        var size when double.IsFinite(size) && IsShort(number) && IsShort(of) => JsonMath.Divides(number, of),
        var size => Math.IEEERemainder(size, of.GetDouble()) == 0,
    };

    private static bool IsShort(JsonElement number) => number.GetRawText().Length <= MostDigits;
}
