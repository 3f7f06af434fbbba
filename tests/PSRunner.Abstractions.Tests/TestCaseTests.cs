namespace PSRunner.Abstractions.Tests;

public class TestCaseTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(2_000)]
    public void A_name_that_occurs_twice_whatever_its_case_is_refused_by_name(int count)
    {
        var names = Enumerable.Range(0, count).Select(i => KeyValuePair.Create($"Name{i}", (object?)(long)i)).ToList();
        Assert.Equal(count, new TestCase("any", "c", names).GetParameters().Count);

        var error = Assert.Throws<ArgumentException>(() => new TestCase("any", "c", names.Append(new($"name{count - 1}", null))));
        Assert.Contains($"'name{count - 1}' twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_of_every_type_keep_their_digits()
    {
        (object Given, object Kept)[] numbers =
        [
            ((sbyte)-5, -5L), (uint.MaxValue, 4_294_967_295L), ((ulong)long.MaxValue, long.MaxValue), (ulong.MaxValue, "18446744073709551615"),
            (0.5f, 0.5), (1.10m, 1.1), (0.1m, 0.1), (-7m, -7.0), (1e-7m, 1e-7), (12345678901234567890.12m, "12345678901234567890.12"), (decimal.MaxValue, "79228162514264337593543950335"),
        ];
        var kept = new TestCase("any", "c", numbers.Select((number, i) => KeyValuePair.Create($"n{i}", (object?)number.Given))).GetParameters();
        Assert.Equal(numbers.Select(number => number.Kept), kept.Select(parameter => parameter.Value));
    }
}
