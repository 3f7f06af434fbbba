using System.Net;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Scoring;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Agent;

public sealed class AgentLoopTests
{
    private static readonly ToolRegistry Registry = new(
        [
            new ToolDefinition("lab_weigh", "lab", "Weigh one sample.", [], ["BROKEN"], []),
            new ToolDefinition("lab_mix", "lab", "Mix two samples.", [new ToolParameter("ratio", "number", "a to b", true)], ["BROKEN"], ["lab_weigh"]),
        ],
        "test");

    private static readonly string[] Required = ["lab_weigh", "lab_mix"];
    private static readonly RenderedPrompt Prompt = new("You have tools.", "Weigh, then mix.", null);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_conversation_ends_as_soon_as_the_task_is_completed()
    {
        var client = new ScriptedClient("<tool_call>lab_weigh</tool_call>", "<tool_call>lab_mix {\"ratio\": 2}</tool_call>", "TASK_COMPLETED");

        var conversation = await HoldAsync(client, rate: 1, seed: "both succeed");

        Assert.Equal(ConversationEnd.Completed, conversation.End);
        Assert.Equal(2, conversation.Counts.Turns);
        Assert.Equal([("lab_weigh", null), ("lab_mix", """{"ratio":2}""")], conversation.Runs.Select(r => (r.Run.Tool, r.Arguments)));
        Assert.Equal(["system", "user", "assistant", "user", "assistant", "user"], conversation.Messages.Select(m => m.Role));
        Assert.StartsWith("Result of lab_weigh: success", conversation.Messages[3].Text, StringComparison.Ordinal);
        Assert.Equal("", VerdictOn(conversation, completed: true).Cause);
    }

    [Fact]
    public async Task Search_and_info_are_answered_and_show_no_more_than_was_asked_for()
    {
        var client = new ScriptedClient("<tool_search>mix samples</tool_search>", "<tool_info>lab_mix</tool_info>", "<tool_search>zebra</tool_search>");

        var conversation = await HoldAsync(client);

        var answers = conversation.Messages.Where(m => m.Role == "user").Select(m => m.Text).ToList();
        Assert.Contains("- lab_mix: Mix two samples. Works best after: lab_weigh", answers[1], StringComparison.Ordinal);
        Assert.Contains("ratio (number, required)", answers[2], StringComparison.Ordinal);
        Assert.StartsWith("No tool matches \"zebra\"", answers[3], StringComparison.Ordinal);
        Assert.Equal((9, 1), (conversation.Counts.Searches, conversation.Counts.Infos));
    }

    [Fact]
    public async Task Only_the_first_action_of_a_reply_is_carried_out()
    {
        var client = new ScriptedClient("<tool_call>lab_weigh</tool_call> it worked! <tool_call>lab_mix</tool_call>", "nothing");

        var conversation = await HoldAsync(client, rate: 1, seed: "both succeed");

        Assert.Equal("lab_weigh", Assert.Single(conversation.Runs).Run.Tool);
        Assert.Equal(1, conversation.Counts.IgnoredActions);
        Assert.Contains("1 more in yours was not", conversation.Messages[3].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<tool_call>{\"name\": \"lab_mix\"", Causes.ParseGap, 10)]
    [InlineData("<tool_call>stir</tool_call>", Causes.TurnLimit, 10)]
    [InlineData("All done: TASK_COMPLETED.", Causes.WrongAnswer, 1)]
    [InlineData("<think>Is the task complete?</think>The task is complete.", Causes.WrongAnswer, 1)]
    [InlineData("Let me think about it.", Causes.Incomplete, 3)]
    [InlineData("- If task is complete, indicate completion", Causes.Incomplete, 3)]
    [InlineData("<think>In the end I write TASK_COMPLETED.</think>First I weigh.", Causes.Incomplete, 3)]
    [InlineData("<tool_search>mix</tool_search>", Causes.TurnLimit, 10)]
    public async Task A_conversation_that_ends_without_the_work_done_has_its_cause(string reply, string cause, int turns)
    {
        var conversation = await HoldAsync(new ScriptedClient(reply));

        Assert.Equal(cause, VerdictOn(conversation).Cause);
        Assert.Equal(turns, conversation.Counts.Turns);
    }

    [Fact]
    public async Task One_readable_call_is_enough_to_be_no_parse_gap()
    {
        var conversation = await HoldAsync(new ScriptedClient("<tool_call></tool_call>", "<tool_call>lab_weigh", "<tool_call></tool_call>"));

        Assert.Equal(Causes.TurnLimit, VerdictOn(conversation).Cause);
        Assert.Equal((1, 9), (conversation.Counts.ParseGaps, conversation.Counts.UnreadableCalls));
    }

    [Theory]
    [InlineData(false, "<tool_call>stir</tool_call>")]
    [InlineData(true, "stir")]
    public async Task A_tool_that_there_is_not_is_the_models_mistake_and_no_gap_of_ours(bool native, string said)
    {
        object call = native ? new List<AIContent> { new FunctionCallContent("1", "tool_call", new Dictionary<string, object?> { ["name"] = said }) } : said;

        var conversation = await HoldAsync(new ScriptedClient(call, "<tool_call>lab_weigh</tool_call>"), native: native);

        Assert.Equal((1, 0, 0), (conversation.Counts.UnknownTools, conversation.Counts.UnreadableCalls, conversation.Counts.UnreadableActions));
        Assert.StartsWith("Nothing was done: there is no tool 'stir'.", conversation.Messages[3].Text, StringComparison.Ordinal);
        var metrics = ScoreCard.Of(new WorkflowTask("t", "simple_task", "easy", "", Required), Required, Registry, conversation).Metrics;
        Assert.Equal(conversation.Runs.Count + 1, metrics[MetricNames.Calls]);
        Assert.InRange(metrics[MetricNames.ModelMistakes], 1, 9);
    }

    [Fact]
    public async Task Who_was_offered_functions_is_never_told_of_tags()
    {
        static List<AIContent> Call(string name, object? argument) => [new FunctionCallContent("1", name, new Dictionary<string, object?> { ["name"] = argument })];

        var conversation = await HoldAsync(new ScriptedClient("Hm.", Call("tool_call", null), Call("tool_call", "stir"), Call("tool_search", "mix")), native: true);

        var answers = conversation.Messages.Where(m => m.Role is "user" or "tool").Skip(1).Select(m => m.Text).ToList();
        Assert.Equal(10, answers.Count);
        Assert.All(answers, answer => Assert.DoesNotContain('<', answer));
        Assert.Contains("tool_call call could not be read, because it is empty", answers[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Native_arguments_are_an_object_or_nothing_and_half_a_character_is_no_accident()
    {
        static string? Arguments(string json)
        {
            using var document = System.Text.Json.JsonDocument.Parse(json);
            var values = document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value.Clone());
            return NativeTools.Read([new FunctionCallContent("1", "tool_call", values)], new HashSet<string> { "lab_mix" }).Actions.SingleOrDefault()?.Arguments ?? "none";
        }

        Assert.Equal("""{"ratio":2}""", Arguments("""{"name":"lab_mix","arguments":{"ratio": 2}}"""));
        Assert.Equal("""{"ratio":2}""", Arguments("""{"name":"lab_mix","arguments":"{\"ratio\": 2}"}"""));
        Assert.Equal("none", Arguments("""{"name":"lab_mix","arguments":"two"}"""));
        Assert.Equal("none", Arguments("""{"name":"lab_mix","arguments":[2]}"""));
        Assert.Equal("none", Arguments("""{"name":"lab_mix","arguments":{"a":"\ud800"}}"""));
        Assert.Equal("none", Arguments("""{"name":"\ud800"}"""));
    }

    public static TheoryData<object, string> Faults => new()
    {
        { new ProviderException(Causes.Throttled, "slow down", TimeSpan.FromSeconds(7)), Causes.Throttled },
        { new HttpRequestException("reset"), Causes.Connection },
        { new HttpRequestException("no", null, HttpStatusCode.Unauthorized), Causes.Auth },
        { new HttpRequestException("no", null, HttpStatusCode.PaymentRequired), Causes.Quota },
        { new HttpRequestException("no", null, HttpStatusCode.NotFound), Causes.BadRequest },
        { new HttpRequestException("no", null, HttpStatusCode.BadGateway), Causes.ServerError },
        { new HttpRequestException("no", null, HttpStatusCode.TooManyRequests), Causes.Throttled },
        { new IOException("cut"), Causes.Connection },
        { new TaskCanceledException("HttpClient's own limit"), Causes.NoReply },
        { new System.Text.Json.JsonException("what?"), Causes.GarbageReply },
        { "", Causes.EmptyReply },
        { "  \n", Causes.EmptyReply },
        { "<!DOCTYPE html><html>gone</html>", Causes.GarbageReply },
        { "\u0001\u0002\ufffd\ufffd\u0003abc", Causes.GarbageReply },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_the_provider_did_is_never_the_models_fault(object reply, string cause)
    {
        var conversation = await HoldAsync(new ScriptedClient("<tool_search>mix</tool_search>", reply));

        Assert.Equal(ConversationEnd.ProviderFault, conversation.End);
        Assert.Equal(cause, VerdictOn(conversation).Cause);
        Assert.Equal(FaultDomains.Provider, Causes.Find(cause).ModelDomain);
        Assert.Equal((1, 2), (conversation.Counts.Turns, conversation.Counts.Requests));
    }

    [Fact]
    public async Task An_error_of_our_own_is_not_blamed_on_the_provider() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => HoldAsync(new ScriptedClient(new InvalidOperationException("a defect"))));

    [Fact]
    public async Task A_request_without_a_reply_ends_at_the_request_limit()
    {
        var holding = HoldAsync(new ScriptedClient((Func<CancellationToken, Task>)(token => Task.Delay(Timeout.InfiniteTimeSpan, _time, token))));
        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.False(holding.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));

        var conversation = await holding.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var verdict = VerdictOn(conversation);
        Assert.Equal(Causes.NoReply, verdict.Cause);
        Assert.Contains("120 s", verdict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canceled_conversation_keeps_what_happened_and_never_passes()
    {
        using var source = new CancellationTokenSource();
        var client = new ScriptedClient("<tool_search>mix</tool_search>", (Func<CancellationToken, Task>)(token => Task.Delay(Timeout.InfiniteTimeSpan, _time, token)));
        var holding = HoldAsync(client, cancellation: source.Token);
        await source.CancelAsync();

        var conversation = await holding.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal((ConversationEnd.Canceled, 1), (conversation.End, conversation.Counts.Turns));
        Assert.NotEqual(Causes.None, VerdictOn(conversation).Cause);
    }

    [Fact]
    public async Task Native_calls_do_what_tags_do_and_each_is_answered_under_its_id()
    {
        static object Call(params (string Id, string Function, string Argument, string Value)[] calls) =>
            calls.Select(c => new FunctionCallContent(c.Id, c.Function, new Dictionary<string, object?> { [c.Argument] = c.Value })).ToList<AIContent>();
        var client = new ScriptedClient(
            Call(("1", "tool_search", "words", "weigh")),
            Call(("2", "tool_call", "name", "lab_weigh"), ("3", "tool_call", "name", "lab_mix")),
            Call(("4", "lab_mix", "ratio", "2")));

        var conversation = await HoldAsync(client, rate: 1, seed: "both succeed", native: true);

        Assert.Equal(ConversationEnd.Completed, conversation.End);
        Assert.Equal(["tool_search", "tool_info", "tool_call"], client.Options[0]!.Tools!.Select(t => t.Name));
        Assert.Equal("""{"ratio":"2"}""", conversation.Runs[1].Arguments);
        var answers = client.Sent[2].SelectMany(m => m.Contents).OfType<FunctionResultContent>().ToDictionary(r => r.CallId, r => (string)r.Result!);
        Assert.StartsWith("Result of lab_weigh", answers["2"], StringComparison.Ordinal);
        Assert.Equal(Feedback.NotCarriedOut, answers["3"]);
    }

    [Fact]
    public async Task A_reply_that_comes_in_pieces_counts_as_progress_at_each()
    {
        var context = Context();
        using var dripping = new EmbeddedModel(ModelProfiles.All[0] with { Faults = new FaultRates(Drip: 1) }, "case", 1, _time, 0);
        var holding = Loop(dripping, context).RunAsync(Prompt, TestContext.Current.CancellationToken);
        for (var second = 1; second <= 100; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await SpinWaitAsync(() => context.LastActivity == $"reply 1, {second} characters");
            Assert.Equal(_time.GetTimestamp(), context.LastProgress);
        }

        _time.Advance(TimeSpan.FromSeconds(21));
        var conversation = await holding.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(Causes.NoReply, VerdictOn(conversation).Cause);
    }

    private static async Task SpinWaitAsync(Func<bool> condition)
    {
        for (var i = 0; i < 1_000_000 && !condition(); i++)
        {
            await Task.Yield();
        }

        Assert.True(condition());
    }

    private Task<Conversation> HoldAsync(
        IChatClient client, double rate = 1, string seed = "s", bool native = false, CancellationToken? cancellation = null) =>
        Loop(client, Context(), rate, seed, native).RunAsync(Prompt, cancellation ?? TestContext.Current.CancellationToken);

    private static AgentLoop Loop(IChatClient client, AttemptContext context, double rate = 1, string seed = "s", bool native = false) =>
        new(client, Registry, new ToolSimulator(seed, rate), Required, new AgentOptions(Native: native), context);

    private AttemptContext Context() => Attempts.Context(new TestCase("workflow", "scripted"), time: _time);

    private static Verdict VerdictOn(Conversation conversation, bool completed = false) =>
        Verdict.On(conversation, completed, [.. Required.Except(TaskCompletion.Done(Required, Registry, conversation.Runs.Select(r => r.Run)))]);
}
