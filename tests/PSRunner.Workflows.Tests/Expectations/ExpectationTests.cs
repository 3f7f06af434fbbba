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
        Assert.Equal("'red\uFFFD[31m⏎ \uFFFD'", Excerpt.Of("red\u001b[31m\r\n\t\a"));
    }

    [Fact]
    public void A_reply_in_prose_is_told_of_without_words_of_the_parser() =>
        Assert.Equal(
            "expected JSON; it is none: 'T' is an invalid start of a value (line 1, byte 1)",
            Expectation.Of(ExpectationKinds.Schema, City).Miss("The city is Rome."));

    [Fact]
    public void A_schema_says_what_it_missed_and_where() =>
        Assert.Equal(
            "expected JSON as the schema says: required: Required properties [\"size\"] are not present at #, minLength: expected 1 at #/name",
            Expectation.Of(ExpectationKinds.Schema, City).Miss("""{"name":""}"""));

    [Theory]
    [InlineData("""{"items":{"type":"string"}}""", "[1,2,\"x\",3,4,5]", "type: expected \"string\" at #/0, type: expected \"string\" at #/1, type: expected \"string\" at #/3 and 2 more")]
    [InlineData("""{"prefixItems":[{}],"items":{"type":"string"}}""", "[1,2]", "type: expected \"string\" at #/1")]
    [InlineData("""{"properties":{"a":{"patternProperties":{"/":{"minimum":3}}}}}""", """{"a":{"b/c":2}}""", "minimum: 2 should be at least 3 at #/a/b~1c")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":false}""", """{"a":1,"b":1}""", "additionalProperties false at #/b")]
    [InlineData("""{"anyOf":[{"type":"string"},{"minimum":3}]}""", "1", "anyOf (0 of 2 fit) at #")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":3}]}""", "4", "oneOf (2 of 2 fit) at #")]
    [InlineData("""{"not":{"type":"integer"}}""", "4", "not at #")]
    [InlineData("""{"contains":{"type":"string"}}""", "[1,2]", "contains: Value should contain at least 1 matching items at #")]
    [InlineData("""{"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}}""", "1", "minimum: 1 should be at least 2 at #")]
    [InlineData("""{"enum":["\u001b[31m",1]}""", "2", "enum: expected [\"\\u001b[31m\",1] at #")]
    [InlineData("""{"additionalProperties":false}""", """{"\u001b[31m\n":1}""", "additionalProperties false at #/\uFFFD[31m ")]
    public void A_finding_names_its_keyword_and_its_place(string schema, string reply, string told) =>
        Assert.Equal($"expected JSON as the schema says: {told}", Expectation.Of(ExpectationKinds.Schema, schema).Miss(reply));

    [Fact]
    public void A_message_of_a_schema_is_short_whatever_the_reply()
    {
        var expectation = Expectation.Of(ExpectationKinds.Schema, """{"additionalProperties":{"minimum":0,"enum":[0]}}""");
        var reply = $$"""{"{{new string('k', 9000)}}":-{{new string('9', 9000)}},"b":-1,"c":-1}""";

        Assert.InRange(expectation.Miss(reply)!.Length, 1, 1200);
        Assert.Equal("expected JSON as the schema says", expectation.Miss(reply + new string(' ', 200_000)));
    }

    [Theory]
    [InlineData("{ x", "no JSON: 'x' is an invalid start of a property name. Expected a '\"' (line 1, byte 3)")]
    [InlineData("[]", "no JSON object")]
    [InlineData("""{"type":"string","type":"null"}""", "no JSON: Duplicate property 'type'")]
    [InlineData("""{"const":"\ud83d"}""", "no JSON: a text in it holds half a character")]
    [InlineData("""{"type":"objekt"}""", "anyOf (0 of 2 fit) at #/type")]
    [InlineData("""{"type":[1]}""", "anyOf (0 of 2 fit) at #/type")]
    [InlineData("""{"properties":{"a":{"pattern":"("}}}""", "no regular expression: Invalid pattern '('")]
    [InlineData("""{"properties":{"a":{"patternProperties":{"(":{}}}}}""", "no regular expression: Invalid pattern '('")]
    [InlineData("""{"properties":{"a":{"allOf":[{"requird":["b"]}]}}}""", "'requird' at #/properties/a/allOf/0, which is not checked here")]
    [InlineData("""{"$dynamicRef":"#a"}""", "'$dynamicRef' at #")]
    [InlineData("""{"properties":{"a":{"contentEncoding":"base64"}}}""", "'contentEncoding' at #/properties/a")]
    [InlineData("""{"properties":{"a":{"$id":"b"}}}""", "'$id' at #/properties/a")]
    [InlineData("""{"nullable":true}""", "'nullable' at #")]
    [InlineData("""{"a\u001b[31m":true}""", "'a\uFFFD[31m' at #")]
    [InlineData("""{"format":"byte"}""", "#/format is 'byte', which is not checked here")]
    [InlineData("""{"$ref":"#/$defs/nowhere"}""", "#/$ref refers to '#/$defs/nowhere', which is not there")]
    [InlineData("""{"$ref":"#/default","default":{}}""", "#/$ref refers to '#/default', which is not there")]
    [InlineData("""{"$ref":"http://127.0.0.1:9/schema.json"}""", "only references into the schema itself")]
    [InlineData("""{"$ref":"https://json-schema.org/draft/2020-12/schema"}""", "only references into the schema itself")]
    [InlineData("""{"$ref":"#"}""", "# refers to itself without end")]
    [InlineData("""{"properties":{"a":{"$ref":"#/properties/a"}}}""", "#/properties/a refers to itself without end")]
    [InlineData("""{"dependentSchemas":{"a":{"if":{"$ref":"#"}}}}""", "# refers to itself without end")]
    [InlineData("""{"$defs":{"a":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}""", "refers to itself without end")]
    [InlineData("""{"enum":3}""", "type: Value is \"integer\" but should be \"array\" at #/enum")]
    [InlineData("""{"minLength":-1}""", "minimum: -1 should be at least 0 at #/minLength")]
    [InlineData("""{"multipleOf":0}""", "exclusiveMinimum: 0 should be greater than 0 at #/multipleOf")]
    [InlineData("""{"maximum":"3"}""", "type: Value is \"string\" but should be \"number\" at #/maximum")]
    [InlineData("""{"items":3}""", "type: Value is \"integer\" but should be \"object, boolean\" at #/items")]
    [InlineData("""{"items":[{}]}""", "no schema of https://json-schema.org/draft/2020-12/schema (another is named by $schema): type: Value is \"array\"")]
    [InlineData("""{"minimum":3,"exclusiveMinimum":true}""", "type: Value is \"boolean\" but should be \"number\" at #/exclusiveMinimum")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-04/schema#","maximum":3,"exclusiveMaximum":true}""", "type: Value is \"boolean\" but should be \"number\" at #/exclusiveMaximum")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-03/schema#"}""", "$schema is 'http://json-schema.org/draft-03/schema'; there are https://json-schema.org/draft/2020-12/schema")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","$defs":{"a":{"minLength":"b"}}}""", "it cannot be read")]
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
    [InlineData("""{"const":5}""", "5 5.0 5e0", "\"5\" 6 null 123456789012345678901234567890 1e400")]
    [InlineData("""{"const":0}""", "0 -0 0.0", "1e-30 false")]
    [InlineData("""{"const":123456789012345678901234567890}""", "123456789012345678901234567890", "123456789012345678901234567891 1.2345678901234568e29")]
    [InlineData("""{"const":"5"}""", "\"5\"", "5")]
    [InlineData("""{"const":true}""", "true", "\"true\" \"True\" 1")]
    [InlineData("""{"const":null}""", "null", "\"\" 0 false")]
    [InlineData("""{"const":{"a":1,"b":[2]}}""", """{"b":[2],"a":1} {"a":1.0,"b":[2]}""", """{"a":1} {"a":1,"b":[2],"c":3}""")]
    [InlineData("""{"const":"2024-01-01T00:00:00Z"}""", "\"2024-01-01T00:00:00Z\"", "\"2024-01-01T00:00:00+00:00\"")]
    [InlineData("""{"enum":["1",2,null]}""", "\"1\" 2 null", "1 \"2\" \"null\"")]
    [InlineData("""{"type":["string","null"],"enum":["a"]}""", "\"a\"", "null \"A\"")]
    [InlineData("""{"type":"integer"}""", "1 1.0 1e3 -0 123456789012345678901234567890 1e400", "1.5 1e-30 1.00000000000000000001 \"1\" true null")]
    [InlineData("""{"type":"number"}""", "1 1.5 1e400", "\"1\" null")]
    [InlineData("""{"type":["integer","null"]}""", "1 null", "\"x\" 1.5")]
    [InlineData("""{"x-nullable":true,"type":"string"}""", "\"\"", "null")]
    [InlineData("""{"minimum":3}""", "3 4 \"x\"", "2 2.999999999999999999")]
    [InlineData("""{"exclusiveMinimum":3}""", "3.1 4", "3 2")]
    [InlineData("""{"minimum":0}""", "0 1e-30", "-1e-30")]
    [InlineData("""{"multipleOf":0.1}""", "0.3 4.7 0 1e300", "0.35 1e-30 1e-100000000")]
    [InlineData("""{"multipleOf":7}""", "123456789012345678901234567890 0e9", "123456789012345678901234567891 1e100000000")]
    [InlineData("""{"minLength":2,"maxLength":2}""", "\"ab\" \"😀😀\" \"e\\u0301\" 1", "\"a\" \"abc\" \"😀\"")]
    [InlineData("""{"pattern":"^a"}""", "\"ab\" 1", "\"b\" \"A\"")]
    [InlineData("""{"pattern":"^\\d\\p{L}$"}""", "\"1é\"", "\"१é\" \"1-\"")]
    [InlineData("""{"minItems":1,"maxItems":2}""", "[1] [1,2] {}", "[] [1,2,3]")]
    [InlineData("""{"uniqueItems":true}""", """[1,"1",true] [] [{"a":1},{"a":2}]""", """[1,1.0] [[1],[1.0]] [{"a":1,"b":2},{"b":2,"a":1}]""")]
    [InlineData("""{"items":{"type":"integer"}}""", "[] [1] \"x\"", "[1,\"2\"]")]
    [InlineData("""{"items":false}""", "[]", "[1]")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}""", "[] [\"a\"]", "[1] [\"a\",1]")]
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
    [InlineData("""{"$schema":"http://json-schema.org/draft-04/schema#","id":"x","properties":{"a":{"$ref":"#/definitions/b","maxLength":1}},"definitions":{"b":{"type":"string"}}}""", """{"a":"x"}""", """{"a":"xx"} {"a":1}""")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"items":[{"$ref":"#/dependencies/c"}]}},"dependencies":{"c":{"minProperties":2}}}""", """{} {"a":[{"x":1,"y":2}]}""", """{"c":1} {"a":[{}]}""")]
    [InlineData("""{"$schema":"https://json-schema.org/draft/2019-09/schema","$id":"x","properties":{"a":{"$ref":"#b"}},"$defs":{"b":{"$anchor":"b","type":"string"}}}""", """{"a":""}""", """{"a":1}""")]
    [InlineData("""{"properties":{"a":{"$ref":"#/$defs/List%3Ca%20b>"}},"$defs":{"List<a b>":{"type":"string"}}}""", """{"a":""}""", """{"a":1}""")]
    [InlineData("""{"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false}""", """{"a":1}""", """{"a":1,"b":1}""")]
    [InlineData("""{"dependentSchemas":{"a":{"required":["b"]}}}""", """{} {"a":1,"b":1}""", """{"a":1}""")]
    [InlineData("""{"patternProperties":{"^a/b~":{"type":"string"}}}""", """{"a/b~":""}""", """{"a/b~":1}""")]
    [InlineData("""{"properties":{"$ref":{"type":"string"}}}""", """{"$ref":"x"}""", """{"$ref":1}""")]
    [InlineData("""{"format":"date"}""", "\"2024-02-29\" 1", "\"2023-02-29\" \"29.2.2024\"")]
    [InlineData("""{"format":"date-time"}""", "\"2024-01-01T10:00:00Z\" \"2024-01-01T10:00:00.123+02:00\"", "\"2024-01-01\" \"2024-01-01T10:00:00\" \"yesterday\" \"0000-01-01T00:00:00Z\" \"2024-01-01T10:00:00Z\\n\"")]
    [InlineData("""{"format":"duration"}""", "\"P1DT2H\"", "\"1d\"")]
    [InlineData("""{"format":"idn-email"}""", "\"ä@b.example\"", "\"a@b\\\"c\"")]
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

    // Each of these ended the process, by the stack, when the library was left alone with it.
    [Theory]
    [InlineData("""{"multipleOf":7}""", "1e100000000")]
    [InlineData("""{"additionalProperties":true}""", "{\"name/\":1}")]
    public void A_reply_of_strange_size_does_not_fit(string schema, string reply) =>
        Assert.NotNull(Expectation.Of(ExpectationKinds.Schema, schema).Miss(reply.Replace("name", new string('n', 1_900_000), StringComparison.Ordinal)));

    [Fact]
    public void A_schema_that_goes_deeper_than_the_stack_gives_up()
    {
        var inner = string.Concat(Enumerable.Repeat("{\"not\":", 56)) + """{"properties":{"a":{"$ref":"#/$defs/n"}}}""" + new string('}', 56);
        var reply = string.Concat(Enumerable.Repeat("{\"a\":", 120)) + "1" + new string('}', 120);
        Exception? thrown = null;

        // As large as the stack of a thread of the pool.
        var thread = new Thread(() => thrown = Record.Exception(() => Expectation.Of(ExpectationKinds.Schema, """{"$ref":"#/$defs/n","$defs":{"n":""" + inner + "}}").Miss(reply)), 1536 * 1024);
        thread.Start();

        Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
        Assert.IsType<TimeoutException>(thrown);
    }

    [Fact]
    public void A_chain_of_references_is_refused_before_it_ends_the_process()
    {
        var links = string.Join(",", Enumerable.Range(0, 5000).Select(i => $$"""  "d{{i}}":{"$ref":"#/$defs/d{{i + 1}}"}"""));

        Assert.Throws<TestBatchException>(() => Expectation.Of(ExpectationKinds.Schema, """{"$ref":"#/$defs/d0","$defs":{""" + links + ",\"d5000\":{}}}"));
    }

    [Fact]
    public void A_schema_that_chooses_again_at_each_level_gives_up()
    {
        var schema = """{"$ref":"#/$defs/n","$defs":{"n":{"oneOf":[{"properties":{"a":{"$ref":"#/$defs/n"}}},{"properties":{"a":{"$ref":"#/$defs/n"}}}]}}}""";
        var reply = string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60);

        Assert.ThrowsAny<TimeoutException>(() => Expectation.Of(ExpectationKinds.Schema, schema).Miss(reply));
    }
}
