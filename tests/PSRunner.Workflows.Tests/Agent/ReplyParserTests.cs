using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CsCheck;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Tests.Agent;

public sealed class ReplyParserTests
{
    private static readonly HashSet<string> Tools = ["lab_mixer", "lab_mixer_two", "lab_scale", "net.fetch"];

    [Theory]
    [InlineData("<tool_call>lab_mixer</tool_call>", null)]
    [InlineData("I will mix.\n<TOOL_CALL> lab_mixer \n</Tool_Call> Then wait.", null)]
    [InlineData("<tool_call>lab_mixer", null)]
    [InlineData("<tool_call>lab_mixer<tool_call>", null)]
    [InlineData("<tool_call>lab_mixer<tool_call>\n```", null)]
    [InlineData("<tool_call>lab_mixer</tool", null)]
    [InlineData("<tool_call>lab_mixer</s>\n> Result: lab_scale said 4", null)]
    [InlineData("```\n<tool_call>lab_mixer</tool_call>\n```", null)]
    [InlineData("<tool_call>`lab_mixer`</tool_call>", null)]
    [InlineData("〈tool_call〉lab_mixer〈/tool_call〉", null)]
    [InlineData("The `<tool_call>` tag it is.\n<tool_call>lab_mixer</tool_call>", null)]
    [InlineData("<think>lab_scale? <tool_call>lab_scale</tool_call> no</think><tool_call>lab_mixer</tool_call>", null)]
    [InlineData("so, mixing</think>\n<tool_call>lab_mixer</tool_call>", null)]
    [InlineData("<tool_call>lab_mixer\nThis will mix both.</tool_call>", null)]
    [InlineData("<tool_call>lab_mixer {\"ratio\": 2}</tool_call>", """{"ratio":2}""")]
    [InlineData("<tool_call>lab_mixer\n```json\n{\"ratio\": 2,}\n```\n</tool_call>", """{"ratio":2}""")]
    [InlineData("<tool_call>lab_mixer{\"ratio\": \"lab_scale\"}", """{"ratio":"lab_scale"}""")]
    [InlineData("<tool_call>lab_mixer(ratio=2, to=\"a b\", dry=True)</tool_call>", """{"ratio":2,"to":"a b","dry":true}""")]
    [InlineData("<tool_call>lab_mixer[ratio=0.5, options={}]<tool_call>", """{"ratio":0.5,"options":{}}""")]
    [InlineData("<tool_call>lab_mixer()</tool_call>", "{}")]
    [InlineData("<tool_call>lab_mixer schema=\"{\"a\": [\"b\", 1]}\" to=\"x\"", """{"schema":"{\u0022a\u0022: [\u0022b\u0022, 1]}","to":"x"}""")]
    [InlineData("<tool_call>lab_mixer\nratio=2 # parts\n</tool_call>", """{"ratio":2}""")]
    [InlineData("<tool_call>lab_mixer\nratio: 2\nto: the big jar\n</tool_call>", """{"ratio":2,"to":"the big jar"}""")]
    [InlineData("<tool_call>lab_mixer源=\"a\"选项=\"{}\"</tool_call>", """{"\u6E90":"a","\u9009\u9879":"{}"}""")]
    [InlineData("<tool_call>lab_mixer <ratio>2</ratio> <to>[1]</to></tool_call>", """{"ratio":"2","to":[1]}""")]
    [InlineData("<tool_call>lab_mixer <param name=\"ratio\">2</param></tool_call>", """{"ratio":"2"}""")]
    [InlineData("<tool_call>{\"name\": \"lab_mixer\", \"arguments\": {\"ratio\": 2}}</tool_call>", """{"ratio": 2}""")]
    [InlineData("<tool_call>{\"name\": \"lab_mixer\", \"arguments\": \"{\\\"ratio\\\": 2}\"}", """{"ratio":2}""")]
    [InlineData("<tool_call>[{\"function\": {\"name\": \"lab_mixer\", \"arguments\": {}}}]</tool_call>", "{}")]
    [InlineData("<tool_call>{\"lab_mixer\": {\"ratio\": 2}}</tool_call>", """{"ratio": 2}""")]
    [InlineData("<tool_call><name>lab_mixer</name><arguments>{\"ratio\": 2}</arguments></tool_call>", """{"ratio":2}""")]
    [InlineData("<tool_call><function=lab_mixer>{\"ratio\": 2}</tool_call>", """{"ratio":2}""")]
    [InlineData("<tool_call><lab_mixer><ratio>2</ratio></lab_mixer></tool_call>", """{"ratio":"2"}""")]
    [InlineData("<tool_call><lab_mixer/></tool_call>", null)]
    [InlineData("<tool_call name=\"lab_mixer\">{\"ratio\": 2}</tool_call>", """{"ratio":2}""")]
    [InlineData("<tool_call>tool: lab_mixer\narguments: {\"ratio\": 2}</tool_call>", """{"ratio":2}""")]
    [InlineData("<tool_call>**lab_mixer**</tool_call>", null)]
    public void A_reply_that_can_mean_one_call_only_is_that_call(string reply, string? arguments)
    {
        var parsed = ReplyParser.Parse(reply, Tools);

        var call = Assert.Single(parsed.Actions);
        Assert.Equal((ActionKind.Call, "lab_mixer", arguments), (call.Kind, call.Text, call.Arguments));
        Assert.Empty(parsed.Refused);
    }

    [Theory]
    [InlineData("<tool_call></tool_call>")]
    [InlineData("<tool_call>mixer</tool_call>")]
    [InlineData("<tool_call>Lab_Mixer</tool_call>")]
    [InlineData("<tool_call>lab_mixerzyst")]
    [InlineData("<tool_call>lab_mixer_source=a")]
    [InlineData("<tool_call>lab_mixer, lab_scale</tool_call>")]
    [InlineData("<tool_call>lab_mixer and then lab_scale</tool_call>")]
    [InlineData("<tool_call>please run lab_mixer</tool_call>")]
    [InlineData("<tool_call>tool_search lab_mixer")]
    [InlineData("<tool_call>{\"name\": \"lab_mixer\", \"tool\": \"lab_scale\"}</tool_call>")]
    [InlineData("<tool_call>[{\"name\": \"lab_mixer\"}, {\"name\": \"lab_scale\"}]</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"lab_mixer\"</tool_call>")]
    [InlineData("<tool_call>{\"name\": 7}</tool_call>")]
    [InlineData("<tool_call><name>mixer</name></tool_call>")]
    [InlineData("<tool_info>mixer</tool_info>")]
    [InlineData("<tool_search></tool_search>")]
    [InlineData("<think>maybe <tool_call>lab_mixer</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"\\ud800\"}</tool_call>")]
    [InlineData("<tool_call>{\"\\ud800\": 1}</tool_call>")]
    public void A_tag_that_would_have_to_be_guessed_is_unreadable(string reply)
    {
        var parsed = ReplyParser.Parse(reply, Tools);

        Assert.Empty(parsed.Actions);
        Assert.NotEmpty(Assert.Single(parsed.Refused).Reason);
    }

    [Theory]
    [InlineData("mixer", true)]
    [InlineData("task_complete\n{\"status\": \"success\"}", true)]
    [InlineData("file_writer(path=\"x\")", true)]
    [InlineData("{\"name\": \"stir\", \"arguments\": {}}", true)]
    [InlineData("<name>stir</name>", true)]
    [InlineData("name: stir", true)]
    [InlineData("lab", false)] // cut off
    [InlineData("lab_mixerzyst", false)] // glued
    [InlineData("Lab_Mixer", false)]
    [InlineData("please stir", false)]
    [InlineData("{\"name\": \"please stir\"}", false)]
    [InlineData("", false)]
    public void A_plain_call_of_a_tool_that_there_is_not_was_read(string body, bool isUnknownTool)
    {
        var parsed = ReplyParser.Parse($"<tool_call>{body}</tool_call>", Tools);

        Assert.Empty(parsed.Actions);
        Assert.Equal(isUnknownTool, Assert.Single(parsed.Refused).IsUnknownTool);
    }

    [Theory]
    [InlineData("lab_mixer {\"a\": \"\\ud800\"}")]
    [InlineData("lab_mixer {\"\\udc00\": 1}")]
    [InlineData("lab_mixer a={\"x\": \"\\ud800\"}")]
    [InlineData("lab_mixer <a>{\"x\": \"\\ud800\"}</a>")]
    [InlineData("{\"name\": \"lab_mixer\", \"arguments\": \"{\\\"a\\\": \\\"\\\\ud800\\\"}\"}")]
    public void Arguments_that_are_no_text_leave_the_call_without_arguments(string body)
    {
        var call = Assert.Single(ReplyParser.Parse($"<tool_call>{body}</tool_call>", Tools).Actions);

        Assert.Equal(("lab_mixer", null), (call.Text, call.Arguments));
    }

    [Theory]
    [InlineData("_mix", "_mix")]
    [InlineData("mix", "mix")]
    [InlineData("mix-", "mix-")]
    [InlineData("mix.", "mix")]
    [InlineData("_mix {\"a\": 1}", "_mix")]
    [InlineData("*mix*", "mix")]
    public void Of_names_that_differ_in_punctuation_alone_the_one_that_stands_there_is_called(string body, string tool) =>
        Assert.Equal([tool], ReplyParser.Parse($"<tool_call>{body}</tool_call>", new HashSet<string> { "_mix", "mix", "mix-" }).Actions.Select(a => a.Text));

    [Fact]
    public void Headings_within_headings_are_not_followed_down()
    {
        // 1,600 spellings of two words: as deep as the longest body allows, were each opened.
        var spellings = new[] { "arguments", "parameters" }.SelectMany(word => Enumerable.Range(0, 800).Select(bits =>
            string.Concat(word.Select((c, i) => (bits >> i & 1) == 1 ? char.ToUpperInvariant(c) : c)))).ToList();
        var body = string.Concat(spellings.Select(s => $"<{s}>")) + "{}" + string.Concat(spellings.AsEnumerable().Reverse().Select(s => $"</{s}>"));
        ParsedReply? parsed = null;
        var thread = new Thread(() => parsed = ReplyParser.Parse($"<tool_call>lab_mixer {body}", Tools), maxStackSize: 128 * 1024);
        thread.Start();
        thread.Join();

        Assert.Equal("lab_mixer", Assert.Single(parsed!.Actions).Text);
    }

    [Theory]
    [InlineData("<tool_call>lab_mixer</tool_call>", 0)]
    [InlineData("〈tool_call〉lab_mixer〈/tool_call〉", 1)]
    [InlineData("<tool_call >lab_mixer</tool_call>", 1)]
    [InlineData("<tool_call name=\"lab_mixer\"></tool_call>", 1)]
    [InlineData("<tool_call>lab_mixer", 1)]
    [InlineData("<tool_call>lab_mixer<tool_call>", 1)]
    [InlineData("<tool_call>lab_mixer\n<tool_call>lab_scale</tool_call>", 1)]
    [InlineData("<tool_search>mix</tool_search><tool_info>lab_mixer", 1)]
    public void What_the_old_parser_would_not_have_seen_is_counted(string reply, int gaps) =>
        Assert.Equal(gaps, ReplyParser.Parse(reply, Tools).ParseGaps);

    [Fact]
    public void Actions_come_in_the_order_of_the_reply()
    {
        var parsed = ReplyParser.Parse("<tool_search>how to mix</tool_search> <tool_info>net.fetch</tool_info> <tool_call>lab_scale</tool_call> <tool_call>?</tool_call>", Tools);

        Assert.Equal(["Search how to mix", "Info net.fetch", "Call lab_scale"], parsed.Actions.Select(a => $"{a.Kind} {a.Text}"));
        Assert.Single(parsed.Refused);
    }

    [Fact]
    public void Any_mixture_of_tags_names_and_rubbish_is_read_without_a_guess()
    {
        string[] pieces =
        [
            "<tool_call>", "</tool_call>", "<tool_info>", "</tool_search>", "<tool_search>", "<tool_call ", "〈tool_call〉", "lab_mixer", "lab_scale",
            "lab_", "{", "}", "\"name\":", "\"", "'", "(", ")", "[", "]", "=", ":", ",", " ", "\n", "```", "`", "<think>", "</think>", "</s>", "<", ">", "\\", "\ud800", "é", "1e999",
        ];
        Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]).Array[0, 30].Sample(
            parts =>
            {
                var reply = string.Concat(parts);
                var parsed = ReplyParser.Parse(reply, Tools);
                return parsed.Actions.All(a => a.Kind == ActionKind.Search ? a.Text.Length > 0 : Tools.Contains(a.Text) && reply.IndexOf(a.Text, a.Start, StringComparison.Ordinal) > 0)
                    && parsed.Actions.All(a => a.Arguments is null || IsObject(a.Arguments))
                    && parsed.ParseGaps <= parsed.Actions.Count;
            },
            iter: 20_000);
    }

    [Fact]
    public void A_closed_call_of_an_exact_name_is_always_found_whatever_stands_around_it()
    {
        Gen.Select(Gen.String[0, 40], Gen.String[0, 40]).Sample((before, after) =>
        {
            var reply = $"{before.Replace("<", "", StringComparison.Ordinal)} <tool_call>lab_mixer</tool_call> {after.Replace("<", "", StringComparison.Ordinal)}";
            return ReplyParser.Parse(reply, Tools).Actions is [{ Text: "lab_mixer", Kind: ActionKind.Call }];
        });
    }

    [Theory]
    [InlineData("<tool_call>")]
    [InlineData("<tool_call>lab_mixer(")]
    [InlineData("<")]
    [InlineData("<think>")]
    [InlineData("<tool_call>lab_mixer a={")]
    [InlineData("{\"a\":")]
    [InlineData("<tool_call name=\"")]
    [InlineData("`")]
    [InlineData("lab_mixer a=\"{ <a>")]
    public void Ten_megabytes_of_hostile_text_are_read_in_bounded_time(string unit)
    {
        foreach (var head in (string[])["", "<tool_call>", "<tool_call>lab_mixer ", "<think>"])
        {
            var reply = new StringBuilder(head).Insert(head.Length, unit, 10_000_000 / unit.Length).ToString();
            var watch = Stopwatch.StartNew();
            var parsed = ReplyParser.Parse(reply, Tools);

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed} for {head} + {unit}");
            Assert.True(parsed.Actions.Count <= ReplyParser.MaxActions && parsed.Refused.Count <= ReplyParser.MaxActions);
        }
    }

    private static bool IsObject(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true });
        return document.RootElement.ValueKind == JsonValueKind.Object;
    }
}
