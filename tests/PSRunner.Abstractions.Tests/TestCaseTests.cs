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
}
