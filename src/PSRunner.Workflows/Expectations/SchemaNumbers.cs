using System.Text.Json;

namespace PSRunner.Workflows.Expectations;

/// <summary>Numbers of JSON, exact as far as a decimal is, and else as a double has them.</summary>
internal static class SchemaNumbers
{
    /// <summary>Whether it has no fraction; 1.0 has none.</summary>
    public static bool IsWhole(JsonElement number) =>
        Math.Floor(number.GetDouble()) is var whole && whole.Equals(number.GetDouble()) && (!number.TryGetDecimal(out var exact) || exact == decimal.Truncate(exact));

    /// <summary>Which of two is more.</summary>
    public static int Compare(JsonElement one, JsonElement other) =>
        one.TryGetDecimal(out var exact) && other.TryGetDecimal(out var otherExact) ? exact.CompareTo(otherExact) : one.GetDouble().CompareTo(other.GetDouble());

    /// <summary>Whether one is the other taken a whole number of times.</summary>
    public static bool IsMultiple(JsonElement number, JsonElement of) =>
        number.TryGetDecimal(out var exact) && of.TryGetDecimal(out var unit) && unit != 0 ? exact % unit == 0 : Math.IEEERemainder(number.GetDouble(), of.GetDouble()) == 0;
}
