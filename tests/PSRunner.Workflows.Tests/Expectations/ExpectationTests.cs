using System.Text.RegularExpressions;
using CsCheck;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Expectations;

namespace PSRunner.Workflows.Tests.Expectations;

public sealed class ExpectationTests
{
    private const string City = """
        {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["name","size"],"additionalProperties":false,
         "properties":{"name":{"type":"string","minLength":1},"size":{"$ref":"#/$defs/size"},"kind":{"const":"city"},"near":{"type":["string","null"]}},
         "$defs":{"size":{"type":"integer","minimum":0}}}
        """;

    [Theory]
    [InlineData(ExpectationKinds.Text, "Paris", "Paris", true)]
    [InlineData(ExpectationKinds.Text, " Paris\r\nFrance\n", "Paris\nFrance", true)]
    [InlineData(ExpectationKinds.Text, "Paris", "paris", false)]
    [InlineData(ExpectationKinds.Text, "Paris", "Paris.", false)]
    [InlineData(ExpectationKinds.Like, "*paris*", "It is Paris.", true)]
    [InlineData(ExpectationKinds.Like, "paris", "It is Paris.", false)]
    [InlineData(ExpectationKinds.Like, "2`*3*", "2*3 = 6", true)]
    [InlineData(ExpectationKinds.Like, "2`*3*", "2+3 = 5", false)]
    [InlineData(ExpectationKinds.Match, @"^\d+$", "42", true)]
    [InlineData(ExpectationKinds.Match, @"^\d+$", "forty-two", false)]
    [InlineData(ExpectationKinds.Match, "yes", "Yes!", true)]
    [InlineData(ExpectationKinds.Match, "(?-i)yes", "Yes!", false)]
    [InlineData(ExpectationKinds.Schema, City, """{"name":"Rome","size":3,"kind":"city","near":null}""", true)]
    [InlineData(ExpectationKinds.Schema, City, "```json\n{\"name\":\"Rome\",\"size\":3}\n```", true)]
    [InlineData(ExpectationKinds.Schema, City, """{"name":"Rome","size":-3}""", false)]
    [InlineData(ExpectationKinds.Schema, City, """{"name":"Rome","size":3,"kind":"town"}""", false)]
    [InlineData(ExpectationKinds.Schema, City, """{"name":"Rome","size":3,"more":1}""", false)]
    [InlineData(ExpectationKinds.Schema, City, """{'name':'Rome','size':3}""", false)]
    [InlineData(ExpectationKinds.Schema, City, "Rome", false)]
    public void A_reply_fits_or_not(string kind, string expected, string reply, bool fits) =>
        Assert.Equal(fits, Expectation.Of(kind, expected).Miss(Expectation.Tidy(reply)) is null);

    [Fact]
    public void Every_text_fits_itself_whatever_way_it_is_expected() =>
        Gen.String.Sample(text =>
        {
            var reply = Expectation.Tidy(text);
            return Expectation.Of(ExpectationKinds.Text, text).Miss(reply) is null
                && Expectation.Of(ExpectationKinds.Like, Wildcard.Escape(reply)).Miss(reply) is null
                && Expectation.Of(ExpectationKinds.Match, @"\A" + Regex.Escape(reply) + @"\z").Miss(reply) is null;
        }, iter: 1000, seed: "0N0XIzNsQ0O2");

    [Fact]
    public void A_message_is_bounded_and_tells_where_long_texts_part()
    {
        var expected = new string('a', 5000);
        var miss = Expectation.Of(ExpectationKinds.Text, expected).Miss(new string('a', 4000) + "b")!;

        Assert.Contains("the first 4000 characters are the same", miss, StringComparison.Ordinal);
        Assert.InRange(miss.Length, 1, 400);
        Assert.InRange(Excerpt.Of(expected).Length, 1, 200);
    }

    [Fact]
    public void A_reply_in_prose_is_told_of_without_words_of_the_parser() =>
        Assert.Equal(
            "expected JSON; it is none: 'T' is an invalid start of a value (line 1, byte 1)",
            Expectation.Of(ExpectationKinds.Schema, City).Miss("The city is Rome."));

    [Fact]
    public void A_schema_says_what_it_missed_and_where() =>
        Assert.Equal(
            "expected JSON as the schema says: StringTooShort at #/name, PropertyRequired at #/size",
            Expectation.Of(ExpectationKinds.Schema, City).Miss("""{"name":""}"""));

    [Theory]
    [InlineData("{ x", "no JSON: 'x' is an invalid start of a property name. Expected a '\"' (line 1, byte 3)")]
    [InlineData("[]", "no JSON object")]
    [InlineData("""{"type":"objekt"}""", "objekt")]
    [InlineData("""{"properties":{"a":{"pattern":"("}}}""", "no regular expression")]
    [InlineData("""{"if":{}}""", "'if'")]
    [InlineData("""{"properties":{"a":{"contains":{}}}}""", "'contains' at #/properties/a")]
    [InlineData("""{"$ref":"#/$defs/nowhere"}""", "nowhere")]
    [InlineData("""{"$ref":"http://127.0.0.1:9/schema.json"}""", "only references into the schema itself")]
    [InlineData("""{"enum":3}""", "#/enum is no array")]
    public void A_schema_that_would_not_be_checked_is_refused(string schema, string told)
    {
        var error = Assert.Throws<TestBatchException>(() => Expectation.Of(ExpectationKinds.Schema, schema));

        Assert.Equal(("ExpectSchemaInvalid", ErrorKind.InvalidData), (error.ErrorId, error.Kind));
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_property_may_be_named_as_a_keyword_is() =>
        Assert.Null(Expectation.Of(ExpectationKinds.Schema, """{"properties":{"if":{"type":"string"},"const":{"not":{"type":"null"}}}}""").Miss("""{"if":"x","const":1}"""));
}
