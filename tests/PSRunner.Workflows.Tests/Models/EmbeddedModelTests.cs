using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Tests.Models;

public sealed class EmbeddedModelTests
{
    private static readonly ModelProfile Perfect = new(
        "perfect", new AgentSkill(ChecksPlan: 1, FindsRepair: 1, RetriesFailure: 1, SkipsStep: 0, SwapsSteps: 0, StopsEarly: 0), Latency.LikeLargeModels, FaultRates.None);

    private static readonly ModelProfile Obedient = Perfect with { Skill = Perfect.Skill with { ChecksPlan = 0 } };

    private static readonly PlanStep Open = new("files_open", [], "read the content of one stored file", null);
    private static readonly PlanStep Parse = new("records_parse", [], "break raw text into structured records", 1);
    private static readonly PlanStep Check = new("records_check", [], "validate records against a schema", 2);

    private const string Task = "Work on the loans of a library: first read the content of one stored file, then break raw text into structured records, and finally validate records against a schema. The point is peace.";

    [Fact]
    public async Task A_right_plan_is_followed_by_the_good_and_the_obedient_alike()
    {
        foreach (var profile in (ModelProfile[])[Perfect, Obedient])
        {
            Assert.Equal("<tool_call>files_open</tool_call>", await ActionAsync(profile, Prompt(Open, Parse, Check)));
            Assert.Equal("<tool_call>records_parse</tool_call>", await ActionAsync(profile, Prompt(Open, Parse, Check), "Result of files_open: success\n{}"));
        }
    }

    [Fact]
    public async Task A_failed_tool_is_run_again() =>
        Assert.Equal("<tool_call>files_open</tool_call>", await ActionAsync(Perfect, Prompt(Open, Parse, Check), "Result of files_open: error TIMEOUT\n{}"));

    [Fact]
    public async Task A_good_agent_restores_the_order_and_an_obedient_one_does_not()
    {
        Assert.Equal("<tool_call>files_open</tool_call>", await ActionAsync(Perfect, Prompt(Check, Parse, Open)));
        Assert.Equal("<tool_call>records_check</tool_call>", await ActionAsync(Obedient, Prompt(Check, Parse, Open)));
    }

    [Fact]
    public async Task A_good_agent_runs_a_doubled_step_once_and_an_obedient_one_twice()
    {
        const string done = "Result of files_open: success\n{}";
        Assert.Equal("<tool_call>records_parse</tool_call>", await ActionAsync(Perfect, Prompt(Open, Open, Parse, Check), done));
        Assert.Equal("<tool_call>files_open</tool_call>", await ActionAsync(Obedient, Prompt(Open, Open, Parse, Check), done));
    }

    [Fact]
    public async Task A_good_agent_looks_for_a_missing_step_and_takes_what_it_finds()
    {
        Assert.Equal("<tool_search>break raw text into structured records</tool_search>", await ActionAsync(Perfect, Prompt(Open, Check)));
        Assert.Equal(
            "<tool_call>records_parse</tool_call>",
            await ActionAsync(
                Perfect,
                Prompt(Open, Check),
                "Tools that match \"break raw text into structured records\":\n- records_parse: Break raw text into structured records.",
                "Result of files_open: success\n{}"));
    }

    [Fact]
    public async Task A_good_agent_leaves_out_a_step_that_nobody_asked_for()
    {
        var misused = new PlanStep("math_sample", [], "draw random scenarios from a model", 1);
        string[] history = ["Result of files_open: success\n{}", "Result of records_parse: success\n{}", "Result of records_check: success\n{}"];

        Assert.Contains("TASK_COMPLETED", await ReplyAsync(Perfect, Prompt(Open, misused, Parse, Check), history), StringComparison.Ordinal);
        Assert.Equal("<tool_call>math_sample</tool_call>", await ActionAsync(Obedient, Prompt(Open, misused, Parse, Check), history[0]));
    }

    [Fact]
    public async Task Without_a_plan_it_searches_by_the_words_of_the_task() =>
        Assert.StartsWith("<tool_search>Work on the loans", await ActionAsync(Perfect, Prompt()), StringComparison.Ordinal);

    [Fact]
    public async Task Told_to_reason_it_reasons() =>
        Assert.StartsWith("Reasoning: ", await ReplyAsync(Perfect, Prompt() + "\n\nBegin each reply with a part headed \"Reasoning:\""), StringComparison.Ordinal);

    [Fact]
    public async Task Unclosed_tags_are_read_by_us_and_missed_by_the_old_parser()
    {
        var reply = await ReplyAsync(Perfect with { Skill = Perfect.Skill with { ClosesCallTags = false } }, Prompt(Open, Parse, Check));

        Assert.EndsWith("<tool_call>files_open", reply, StringComparison.Ordinal);
        Assert.Equal(1, ReplyParser.Parse(reply, new HashSet<string> { "files_open" }).ParseGaps);
    }

    [Fact]
    public async Task Offered_functions_it_calls_them_instead_of_writing_tags()
    {
        using var model = new EmbeddedModel(Perfect, "case", 1, TimeProvider.System, 0);
        var response = await model.GetResponseAsync(
            [new ChatMessage(ChatRole.User, Prompt(Open, Parse, Check))], new ChatOptions { Tools = NativeTools.Declarations }, TestContext.Current.CancellationToken);

        var call = Assert.Single(response.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>());
        Assert.Equal(("tool_call", "files_open"), (call.Name, call.Arguments!["name"]));
        Assert.DoesNotContain('<', response.Text);
    }

    [Fact]
    public async Task A_refused_request_carries_its_cause_and_what_to_wait()
    {
        var throttled = await Assert.ThrowsAsync<ProviderException>(() => ReplyAsync(Perfect with { Faults = new FaultRates(Throttle: 1) }, Prompt()));
        var broken = await Assert.ThrowsAsync<ProviderException>(() => ReplyAsync(Perfect with { Faults = new FaultRates(ServerError: 1) }, Prompt()));

        Assert.Equal((Causes.Throttled, true), (throttled.Cause, throttled.RetryAfter.HasValue));
        Assert.Equal((Causes.ServerError, false), (broken.Cause, broken.RetryAfter.HasValue));
    }

    [Fact]
    public async Task A_hanging_model_waits_until_it_is_canceled()
    {
        var time = new FakeTimeProvider();
        using var source = new CancellationTokenSource();
        using var model = EmbeddedModels.CreateClient("sim-hangs", "case", 1, time, 0);
        var reply = model.GetResponseAsync([new ChatMessage(ChatRole.User, Prompt())], null, source.Token);
        time.Advance(TimeSpan.FromDays(30));

        Assert.False(reply.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reply.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_reply_takes_its_drawn_time_scaled_on_the_clock_it_was_given()
    {
        var time = new FakeTimeProvider();
        using var model = new EmbeddedModel(Perfect, "case", 1, time, 0.5);
        var seconds = 0.5 * Perfect.Latency.Draw(new SeededRandom("latency/case/1/1"));
        var reply = model.GetResponseAsync([new ChatMessage(ChatRole.User, Prompt())], null, TestContext.Current.CancellationToken);

        // Half before the first piece, the rest before the three pieces.
        time.Advance(TimeSpan.FromSeconds(seconds * 0.49));
        for (var step = 0; step < 4 && !reply.IsCompleted; step++)
        {
            time.Advance(TimeSpan.FromSeconds(seconds * 0.16));
        }

        Assert.False(reply.IsCompleted);
        while (!reply.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(seconds * 0.05));
            await System.Threading.Tasks.Task.Yield();
        }

        Assert.NotEmpty((await reply).Text);
    }

    [Fact]
    public async Task Another_try_says_the_same_and_takes_another_time()
    {
        var tries = new List<(string Text, TimeSpan Waited)>();
        foreach (var tryNumber in (int[])[1, 1, 2])
        {
            var time = new HurriedTime();
            using var model = EmbeddedModels.CreateClient("sim-strong", "case", tryNumber, time, 1);
            var reply = await model.GetResponseAsync([new ChatMessage(ChatRole.User, Prompt())], null, TestContext.Current.CancellationToken);
            tries.Add((reply.Text, time.Waited));
        }

        Assert.Single(tries.Select(t => t.Text).Distinct());
        Assert.Equal(tries[0].Waited, tries[1].Waited);
        Assert.NotEqual(tries[0].Waited, tries[2].Waited);
    }

    /// <summary>A clock on which nothing waits, and which adds up what would have been waited.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        public TimeSpan Waited { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waited += dueTime;
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    [Fact]
    public void Faults_hang_on_case_try_and_request_alone()
    {
        var rates = new FaultRates(Hang: 0.1, Drip: 0.1, Throttle: 0.1, ServerError: 0.1, Connection: 0.1, Empty: 0.1, Garbage: 0.1);
        var drawn = Enumerable.Range(1, 4000).Select(request => FaultPlan.Of(rates, "case", 1, request)).ToList();

        Assert.Equal(drawn, Enumerable.Range(1, 4000).Select(request => FaultPlan.Of(rates, "case", 1, request)));
        Assert.NotEqual(drawn, Enumerable.Range(1, 4000).Select(request => FaultPlan.Of(rates, "case", 2, request)));
        foreach (var fault in Enum.GetValues<Fault>())
        {
            Assert.InRange(drawn.Count(f => f == fault) / 4000.0, fault == Fault.None ? 0.27 : 0.08, fault == Fault.None ? 0.33 : 0.12);
        }
    }

    [Theory]
    [InlineData(null, 0.01)]
    [InlineData("  ", 0.01)]
    [InlineData("0", 0)]
    [InlineData("2.5", 2.5)]
    public void The_latency_scale_comes_from_the_environment(string? text, double scale) => Assert.Equal(scale, EmbeddedModels.ReadScale(text));

    [Theory]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    [InlineData("1001")]
    [InlineData("0,5")]
    [InlineData("fast")]
    public void A_latency_scale_that_is_none_is_refused_by_name(string text)
    {
        var error = Assert.Throws<TestBatchException>(() => EmbeddedModels.ReadScale(text));

        Assert.Equal("LatencyScaleInvalid", error.ErrorId);
        Assert.Contains(EmbeddedModels.LatencyScaleVariable, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_model_is_refused_with_the_known_ones()
    {
        var error = Assert.Throws<TestBatchException>(() => EmbeddedModels.CreateClient("sim-strnog", "case", 1, TimeProvider.System, 0));

        Assert.Equal("ModelUnknown", error.ErrorId);
        Assert.Contains("sim-strong, sim-weak", error.Message, StringComparison.Ordinal);
    }

    private static string Prompt(params PlanStep[] steps) =>
        $"Task type: basic_task\n\n## Task\n{Task}\n\n{(steps.Length == 0 ? "" : PlanSection.Write(new ShownPlan(steps)))}";

    private static async Task<string> ActionAsync(ModelProfile profile, string prompt, params string[] answers)
    {
        var reply = await ReplyAsync(profile, prompt, answers);
        return reply[reply.IndexOf('<', StringComparison.Ordinal)..];
    }

    private static async Task<string> ReplyAsync(ModelProfile profile, string prompt, params string[] answers)
    {
        using var model = new EmbeddedModel(profile, "case", 1, TimeProvider.System, 0);
        var messages = answers.SelectMany(answer => (ChatMessage[])[new(ChatRole.Assistant, "..."), new(ChatRole.User, answer)]);
        var response = await model.GetResponseAsync([new ChatMessage(ChatRole.User, prompt), .. messages], null, TestContext.Current.CancellationToken);
        return response.Text;
    }
}
