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
            "expected JSON as the schema says: required 'size' at #, minLength 1 at #/name",
            Expectation.Of(ExpectationKinds.Schema, City).Miss("""{"name":""}"""));

    [Theory]
    [InlineData("{ x", "no JSON: 'x' is an invalid start of a property name. Expected a '\"' (line 1, byte 3)")]
    [InlineData("[]", "no JSON object")]
    [InlineData("""{"type":"objekt"}""", "#/type is 'objekt'; there are object, array")]
    [InlineData("""{"type":[1]}""", "#/type holds something that is no text")]
    [InlineData("""{"properties":{"a":{"pattern":"("}}}""", "#/properties/a/pattern holds no regular expression")]
    [InlineData("""{"unevaluatedProperties":false}""", "'unevaluatedProperties' at #")]
    [InlineData("""{"properties":{"a":{"dependentSchemas":{}}}}""", "'dependentSchemas' at #/properties/a")]
    [InlineData("""{"properties":{"a":{"$id":"b"}}}""", "'$id' at #/properties/a")]
    [InlineData("""{"nullable":true}""", "'nullable' at #")]
    [InlineData("""{"format":"byte"}""", "#/format is 'byte', which is not checked here; there are date, date-time")]
    [InlineData("""{"$ref":"#/$defs/nowhere"}""", "#/$ref refers to '#/$defs/nowhere', which is not there")]
    [InlineData("""{"$ref":"http://127.0.0.1:9/schema.json"}""", "only references into the schema itself")]
    [InlineData("""{"$ref":"#"}""", "# refers to itself without end")]
    [InlineData("""{"$defs":{"a":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}""", "refers to itself without end")]
    [InlineData("""{"enum":3}""", "#/enum is no array")]
    [InlineData("""{"minLength":-1}""", "#/minLength is no whole number from 0")]
    [InlineData("""{"multipleOf":0}""", "#/multipleOf is no number over 0")]
    [InlineData("""{"maximum":"3"}""", "#/maximum is no number")]
    [InlineData("""{"items":3}""", "#/items is no schema")]
    public void A_schema_that_would_not_be_checked_is_refused(string schema, string told)
    {
        var error = Assert.Throws<TestBatchException>(() => Expectation.Of(ExpectationKinds.Schema, schema));

        Assert.Equal(("ExpectSchemaInvalid", ErrorKind.InvalidData), (error.ErrorId, error.Kind));
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_property_may_be_named_as_a_keyword_is() =>
        Assert.Null(Expectation.Of(ExpectationKinds.Schema, """{"properties":{"if":{"type":"string"},"const":{"not":{"type":"null"}}}}""").Miss("""{"if":"x","const":1}"""));

    // By the test suite of json-schema.org and what models are apt to write.
    [Theory]
    [InlineData("""{"const":5}""", "5 5.0 5e0", "\"5\" 6 null")]
    [InlineData("""{"const":"5"}""", "\"5\"", "5")]
    [InlineData("""{"const":true}""", "true", "\"true\" \"True\" 1")]
    [InlineData("""{"const":null}""", "null", "\"\" 0 false")]
    [InlineData("""{"const":{"a":1,"b":[2]}}""", """{"b":[2],"a":1} {"a":1.0,"b":[2]}""", """{"a":1} {"a":1,"b":[2],"c":3}""")]
    [InlineData("""{"const":"2024-01-01T00:00:00Z"}""", "\"2024-01-01T00:00:00Z\"", "\"2024-01-01T00:00:00+00:00\"")]
    [InlineData("""{"enum":["1",2,null]}""", "\"1\" 2 null", "1 \"2\" \"null\"")]
    [InlineData("""{"type":["string","null"],"enum":["a"]}""", "\"a\"", "null \"A\"")]
    [InlineData("""{"type":"integer"}""", "1 1.0 1e3 -0 123456789012345678901234567890", "1.5 1e-30 \"1\" true null")]
    [InlineData("""{"type":"number"}""", "1 1.5 1e400", "\"1\" null")]
    [InlineData("""{"type":["integer","null"]}""", "1 null", "\"x\" 1.5")]
    [InlineData("""{"x-nullable":true,"type":"string"}""", "\"\"", "null")]
    [InlineData("""{"minimum":3}""", "3 4 \"x\"", "2 2.999999999999999999")]
    [InlineData("""{"exclusiveMinimum":3}""", "3.1 4", "3 2")]
    [InlineData("""{"minimum":3,"exclusiveMinimum":true}""", "4", "3")]
    [InlineData("""{"maximum":3,"exclusiveMaximum":true}""", "2", "3")]
    [InlineData("""{"multipleOf":0.1}""", "0.3 4.7 0", "0.35")]
    [InlineData("""{"minLength":2,"maxLength":2}""", "\"ab\" \"😀😀\" 1", "\"a\" \"abc\" \"😀\"")]
    [InlineData("""{"pattern":"^a"}""", "\"ab\" 1", "\"b\" \"A\"")]
    [InlineData("""{"minItems":1,"maxItems":2}""", "[1] [1,2] {}", "[] [1,2,3]")]
    [InlineData("""{"uniqueItems":true}""", """[1,"1",true] [] [{"a":1},{"a":2}]""", """[1,1.0] [{"a":1,"b":2},{"b":2,"a":1}]""")]
    [InlineData("""{"items":{"type":"integer"}}""", "[] [1] \"x\"", "[1,\"2\"]")]
    [InlineData("""{"items":false}""", "[]", "[1]")]
    [InlineData("""{"items":[{"type":"string"}],"additionalItems":false}""", "[] [\"a\"]", "[1] [\"a\",1]")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":{"type":"null"}}""", "[\"a\",null]", "[\"a\",\"b\"] [null]")]
    [InlineData("""{"contains":{"type":"null"}}""", "[1,null]", "[] [1]")]
    [InlineData("""{"contains":{"type":"null"},"minContains":0,"maxContains":1}""", "[] [null]", "[null,null]")]
    [InlineData("""{"minProperties":1,"maxProperties":1}""", """{"a":1} 3""", """{} {"a":1,"b":2}""")]
    [InlineData("""{"required":["a"]}""", """{"a":null} [] 1""", "{}")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{} {"b":1} {"a":1,"b":1}""", """{"a":1}""")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{} {"a":"x"} {"b":1}""", """{"a":null} {"a":"1","a":2}""")]
    [InlineData("""{"properties":{"a":false}}""", "{}", """{"a":1}""")]
    [InlineData("""{"properties":{"a":{}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false}""", """{"a":1,"x1":""}""", """{"b":1} {"x1":1}""")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":{"type":"string"}}""", """{"a":1,"b":""}""", """{"b":1}""")]
    [InlineData("""{"propertyNames":{"pattern":"^a"}}""", """{"a\"":1}""", """{"b":1}""")]
    [InlineData("""{"anyOf":[{"type":"string"},{"minimum":3}]}""", "\"a\" 3 true", "1")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "1.5", "1 \"x\"")]
    [InlineData("""{"allOf":[{"type":"string"},{"maxLength":2}]}""", "\"ab\"", "\"abc\" 1")]
    [InlineData("""{"not":{"type":"string"}}""", "1", "\"a\"")]
    [InlineData("""{"not":true}""", "", "1 {}")]
    [InlineData("""{"if":{"type":"string"},"then":{"minLength":1},"else":{"minimum":1}}""", "\"a\" 1 null", "\"\" 0")]
    [InlineData("""{"properties":{"a":{"$ref":"#/$defs/a~1b","maxLength":1}},"$defs":{"a/b":{"type":"string"}}}""", """{"a":"x"}""", """{"a":"xx"} {"a":1}""")]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"required":["v"],"properties":{"next":{"$ref":"#/$defs/n"}}}}}""", """{"v":1,"next":{"v":2}}""", """{"v":1,"next":{"next":{"v":1}}}""")]
    [InlineData("""{"properties":{"$ref":{"type":"string"}}}""", """{"$ref":"x"}""", """{"$ref":1}""")]
    [InlineData("""{"format":"date"}""", "\"2024-02-29\" 1", "\"2023-02-29\" \"29.2.2024\"")]
    [InlineData("""{"format":"date-time"}""", "\"2024-01-01T10:00:00Z\" \"2024-01-01T10:00:00.123+02:00\"", "\"2024-01-01\" \"2024-01-01T10:00:00\" \"yesterday\"")]
    [InlineData("""{"format":"time"}""", "\"10:00:00Z\" \"10:00:00.5-05:00\"", "\"10:00\" \"25:00:00Z\"")]
    [InlineData("""{"format":"email"}""", "\"a@b.example\"", "\"a\" \"a@b@c\" \"@b.example\"")]
    [InlineData("""{"format":"hostname"}""", "\"a.example\"", "\"a..b\" \"-\"")]
    [InlineData("""{"format":"ipv4"}""", "\"127.0.0.1\"", "\"127.1\" \"256.0.0.1\" \"01.0.0.1\"")]
    [InlineData("""{"format":"ipv6"}""", "\"::1\"", "\"1\" \"127.0.0.1\"")]
    [InlineData("""{"format":"uri"}""", "\"https://a.example/b?c=d\"", "\"a\" \"/b\"")]
    [InlineData("""{"format":"uuid"}""", "\"2c1ba52b-6bb8-4c7b-a6b6-6a7e3e7b8c3d\"", "\"2c1ba52b\"")]
    [InlineData("{}", "1", "\"\\ud83d\" {\"\\ud83d\":1} [1,]")]
    public void A_schema_is_taken_at_its_word(string schema, string fitting, string others)
    {
        var expectation = Expectation.Of(ExpectationKinds.Schema, schema);

        Assert.All(fitting.Split(' ', StringSplitOptions.RemoveEmptyEntries), reply => Assert.Null(expectation.Miss(reply)));
        Assert.All(others.Split(' ', StringSplitOptions.RemoveEmptyEntries), reply => Assert.NotNull(expectation.Miss(reply)));
    }

    [Theory]
    [InlineData("""{"pattern":"^(a+)+$"}""", "\"{0}\"")]
    [InlineData("""{"patternProperties":{"^(a+)+$":{}}}""", "{{\"{0}\":1}}")]
    [InlineData("""{"properties":{"b":{}},"patternProperties":{"^(a+)+$":{}},"additionalProperties":false}""", "{{\"{0}\":1}}")]
    public void A_pattern_that_does_not_end_gives_up(string schema, string reply) =>
        Assert.ThrowsAny<TimeoutException>(() => Expectation.Of(ExpectationKinds.Schema, schema).Miss(string.Format(System.Globalization.CultureInfo.InvariantCulture, reply, new string('a', 60) + "!")));

    [Fact]
    public void A_schema_that_chooses_again_at_each_level_gives_up()
    {
        var schema = """{"$ref":"#/$defs/n","$defs":{"n":{"oneOf":[{"properties":{"a":{"$ref":"#/$defs/n"}}},{"properties":{"a":{"$ref":"#/$defs/n"}}}]}}}""";
        var reply = string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60);

        Assert.ThrowsAny<TimeoutException>(() => Expectation.Of(ExpectationKinds.Schema, schema).Miss(reply));
    }
}
