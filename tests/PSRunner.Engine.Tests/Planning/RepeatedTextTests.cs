using System.Text;
using System.Text.Json;
using PSRunner.Engine.Planning;

namespace PSRunner.Engine.Tests.Planning;

public sealed class RepeatedTextTests
{
    [Fact]
    public void A_text_that_occurs_again_is_the_same_string()
    {
        var texts = new RepeatedText();

        Assert.Same(Read(texts, "\"sim-strong\""), Read(texts, "\"sim-strong\""));
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"\\u0061\\n\"")]
    [InlineData("\"größer\"")]
    [InlineData("\"0123456789012345678901234567890123456789012345678901234567890123456789\"")]
    public void Every_text_is_read_as_the_reader_reads_it(string json)
    {
        var texts = new RepeatedText();

        Assert.Equal(JsonSerializer.Deserialize<string>(json), Read(texts, json));
        Assert.Equal(JsonSerializer.Deserialize<string>(json), Read(texts, json));
    }

    [Fact]
    public void Texts_that_share_a_place_stay_apart_from_many_threads()
    {
        var texts = new RepeatedText();

        Parallel.For(0, 100_000, i => Assert.Equal($"{i % 3_000}", Read(texts, $"\"{i % 3_000}\"")));
    }

    private static string Read(RepeatedText texts, string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return texts.Read(ref reader);
    }
}
