using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Tests.Agent;

/// <summary>The parser against 807 real replies of eight models.</summary>
/// <remarks>
/// The expectation is made without the parser and on another principle: a regular expression cuts out what stands
/// between an opening call tag and the next tag, and names of the registry are looked for anywhere in it, as whole words;
/// exactly one name is a call, none or several is not. Where that crude reading and the parser differ, the difference is
/// listed in <see cref="Explained"/> with its reason; the test fails on any other difference, and when a listed one is gone.
/// </remarks>
public sealed partial class RecordedRepliesTests(ITestOutputHelper output)
{
    /// <summary>Index of the reply in the file, from 0, and why the crude reading is wrong there.</summary>
    private static readonly Dictionary<int, string> Explained = new()
    {
        [114] = "an argument's value is the name of another tool; the call itself is plain",
        [618] = "the call tag holds the word tool_search before the name: a search or a call? Not guessed",
        [644] = "the call tag holds a half-written info tag and ends as one: info or call? Not guessed",
        [666] = "as 618",
        [787] = "as 618",
    };

    [Fact]
    public void Every_recorded_reply_yields_the_calls_that_a_crude_reading_of_it_expects()
    {
        var tools = ToolNames();
        var differing = new SortedDictionary<int, string>();
        foreach (var (reply, i) in Replies().Select((r, i) => (r.Text, i)))
        {
            var found = CallsOf(ReplyParser.Parse(reply, tools));
            var expected = CrudeCalls(reply, tools);
            if (!found.SequenceEqual(expected))
            {
                differing[i] = $"found [{string.Join(' ', found)}], expected [{string.Join(' ', expected)}]: {Head(reply)}";
            }
        }

        foreach (var (i, what) in differing.Where(d => !Explained.ContainsKey(d.Key)))
        {
            output.WriteLine($"{i}: {what}");
        }

        Assert.Equal(Explained.Keys.Order(), differing.Keys);
    }

    [Fact]
    public void Tags_that_the_record_says_are_in_a_reply_are_found_in_it()
    {
        var tools = ToolNames();
        foreach (var (model, bucket, reply) in Replies())
        {
            // The bucket was made by those who recorded: model | tags (S, I, C) | help | last call tag closed | several calls.
            var fields = bucket.Split('|');
            var parsed = ReplyParser.Parse(reply, tools);
            var kinds = parsed.Actions.Select(a => a.Kind).Concat(parsed.Refused.Select(u => u.Kind)).ToHashSet();
            Assert.True(!fields[1].Contains('C', StringComparison.Ordinal) || kinds.Contains(ActionKind.Call), $"{model}: no call in {Head(reply)}");
            if (reply.StartsWith('〈'))
            {
                // Written in angle brackets of another script, which those who recorded did not take for tags.
                Assert.Equal("-", fields[1]);
                continue;
            }

            Assert.True(!kinds.Contains(ActionKind.Call) || fields[1].Contains('C', StringComparison.Ordinal), $"{model}: a call in {Head(reply)}");
        }
    }

    [Fact]
    public void A_table_by_model_shows_what_the_old_parser_missed()
    {
        var tools = ToolNames();
        var table = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"{"model",-24}{"replies",9}{"calls",7}{"strict",8}{"gaps",6}{"unknown",9}{"unreadable",12}{"with args",11}");
        foreach (var model in Replies().GroupBy(r => r.Model).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var parsed = model.Select(r => ReplyParser.Parse(r.Text, tools)).ToList();
            var strict = model.Sum(r => ClosedCall().Count(r.Text));
            var calls = parsed.SelectMany(p => p.Actions).Where(a => a.Kind == ActionKind.Call).ToList();
            table.AppendLine(CultureInfo.InvariantCulture, $"{model.Key,-24}{parsed.Count,9}{calls.Count,7}{strict,8}{parsed.Sum(p => p.ParseGaps),6}{parsed.Sum(p => p.Refused.Count(r => r.IsUnknownTool)),9}{parsed.Sum(p => p.Refused.Count(r => !r.IsUnknownTool)),12}{calls.Count(c => c.Arguments is not null),11}");
            if (model.Key.Contains("72b", StringComparison.Ordinal))
            {
                Assert.Equal(0, strict);
                Assert.NotEmpty(calls);
            }
        }

        output.WriteLine(table.ToString());
    }

    private static List<string> CallsOf(ParsedReply parsed) => [.. parsed.Actions.Where(a => a.Kind == ActionKind.Call).Select(a => a.Text)];

    private static List<string> CrudeCalls(string reply, HashSet<string> tools) =>
        [.. from body in CallBodies().Matches(reply).Select(m => m.Groups[1].Value)
            let names = WholeWords().Matches(body).Select(m => m.Value).Where(tools.Contains).Distinct().ToList()
            where names.Count == 1
            select names[0]];

    private static IEnumerable<(string Model, string Bucket, string Text)> Replies() =>
        File.ReadLines(RecordedData.Find("assistant_replies_sample.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(r => (r.GetProperty("model").GetString()!, r.GetProperty("bucket").GetString()!, r.GetProperty("reply").GetString()!));

    private static HashSet<string> ToolNames()
    {
        using var registry = JsonDocument.Parse(File.ReadAllText(RecordedData.Find("tool_registry.json")));
        return [.. registry.RootElement.EnumerateObject().Select(p => p.Name)];
    }

    private static string Head(string reply) => reply.Length <= 120 ? reply : reply[..120];

    [GeneratedRegex(@"[<〈]tool_call[>〉](.*?)(?=[<〈]/?tool_(?:call|info|search)[>〉]|$)", RegexOptions.Singleline)]
    private static partial Regex CallBodies();

    [GeneratedRegex("[A-Za-z0-9_]+")]
    private static partial Regex WholeWords();

    [GeneratedRegex(@"<tool_call>(.*?)</tool_call>", RegexOptions.Singleline)]
    private static partial Regex ClosedCall();
}
