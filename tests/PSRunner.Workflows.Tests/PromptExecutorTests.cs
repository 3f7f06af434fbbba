using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Expectations;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Tests.Agent;

namespace PSRunner.Workflows.Tests;

/// <summary>A plain prompt from case to report, without the engine.</summary>
public sealed class PromptExecutorTests
{
    [Theory]
    [InlineData("Paris", "Paris", Causes.None, 1)]
    [InlineData("<think>London? No.</think>\n Paris ", "Paris", Causes.None, 1)]
    [InlineData("London? No.</think>Paris", "Paris", Causes.None, 1)]
    [InlineData("London", "Paris", Causes.WrongAnswer, 0)]
    [InlineData("", "Paris", Causes.EmptyReply, double.NaN)]
    [InlineData("<think>Paris", "Paris", Causes.EmptyReply, double.NaN)]
    [InlineData("<html><body>502</body></html>", "Paris", Causes.GarbageReply, double.NaN)]
    public async Task A_reply_is_judged_and_what_is_no_reply_is_the_providers(string reply, string expected, string cause, double score)
    {
        var report = await RunAsync(reply, ExpectationKinds.Text, expected);

        Assert.Equal((cause, score), (report.Cause, report.Score));
        Assert.Equal(1, report.Metrics["Requests"]);
        Assert.Equal(cause is Causes.GarbageReply || reply.Length == 0 ? 1 : 0, report.Metrics["ProviderErrors"]);
        Assert.Contains("\"type\":\"end\"", System.Text.Encoding.UTF8.GetString(Assert.Single(report.Artifacts).Content.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_miss_shows_what_was_expected_and_what_came_and_is_bounded()
    {
        Assert.Equal("expected 'Paris'; got 'London'", (await RunAsync("London", ExpectationKinds.Text, "Paris")).Message);
        Assert.InRange((await RunAsync(new string('x', 100_000), ExpectationKinds.Text, new string('y', 100_000))).Message.Length, 1, 500);
    }

    [Fact]
    public async Task A_regular_expression_that_does_not_end_is_the_tests_fault_and_ends()
    {
        var report = await RunAsync(new string('a', 60) + "!", ExpectationKinds.Match, "^(a+)+$");

        Assert.Equal((Causes.Exception, double.NaN), (report.Cause, report.Score));
        Assert.Contains("-ExpectMatch takes too long", report.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", double.NaN, Causes.None, 1)]
    [InlineData(Causes.Assertion, double.NaN, Causes.WrongAnswer, 0)]
    [InlineData(Causes.Assertion, 0.4, Causes.WrongAnswer, 0.4)]
    [InlineData(Causes.Exception, double.NaN, Causes.Exception, double.NaN)]
    [InlineData(Causes.TestTimeout, double.NaN, Causes.TestTimeout, double.NaN)]
    public async Task A_script_that_says_no_says_that_the_model_was_wrong_and_one_that_breaks_is_broken_itself(string said, double scored, string cause, double score)
    {
        var report = await RunAsync("Paris", ExpectationKinds.Script, "{}", new AttemptReport { Cause = said, Score = scored, Message = "why" });

        Assert.Equal((cause, score), (report.Cause, report.Score));
        Assert.StartsWith("Paris", report.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_embedded_model_answers_the_same_case_the_same_way()
    {
        foreach (var prompt in (string[])["What is 17 * 3?", "Reply with exactly: {\"a\":1}", "What do you know of Rome?"])
        {
            var testCase = Case(ExpectationKinds.Text, "x", prompt);
            var reports = new List<string>();
            for (var i = 0; i < 2; i++)
            {
                reports.Add(Attempts.Bytes(await new PromptExecutor(Attempts.Instant, new FixedScripts(new AttemptReport())).RunAsync(Attempts.Context(testCase), TestContext.Current.CancellationToken)));
            }

            Assert.Equal(reports[0], reports[1]);
        }
    }

    [Theory]
    [InlineData("What is 17 * 3?", "51")]
    [InlineData("What is 2.5+2?", "4.5")]
    [InlineData("Reply with exactly: yes, it is", "yes, it is")]
    [InlineData("Do you know Rome?", "You asked: Do you know Rome?")]
    public void A_skilled_agent_does_as_it_is_asked_and_a_hopeless_one_does_not(string prompt, string answer)
    {
        var skill = new AgentSkill(1, FindsRepair: 1, 1, 0, 0, 0);

        Assert.Equal(answer, PlainAnswer.To(prompt, skill, "case"));
        Assert.NotEqual(answer, PlainAnswer.To(prompt, skill with { FindsRepair = 0 }, "case"));
    }

    private static Task<AttemptReport> RunAsync(string reply, string kind, string expected, AttemptReport? said = null) =>
        new PromptExecutor(new OneReply(reply), new FixedScripts(said ?? new AttemptReport())).RunAsync(Attempts.Context(Case(kind, expected)), TestContext.Current.CancellationToken);

    private static TestCase Case(string kind, string expected, string prompt = "What?") =>
        new PromptCases(new PromptCaseOptions { CurrentFolder = "/" }, Attempts.Instant)
            .Of(new PromptRow { Model = ["sim-strong"], Prompt = new(prompt, false), Expected = [new(kind, new(expected, false))] })[0];

    private sealed class OneReply(string reply) : IModelCatalog
    {
        public IReadOnlyList<string> Names => ["sim-strong"];

        public IChatClient Create(string model, AttemptContext context) => new ScriptedClient(reply);
    }

    private sealed class FixedScripts(AttemptReport said) : IReplyScripts
    {
        public string Fingerprint => "";

        public IReadOnlyList<string> Metrics => [];

        public void TryOut()
        {
        }

        public IDisposable BeginSession(SessionFacts session) => throw new NotSupportedException();

        public Task<AttemptReport> JudgeAsync(AttemptContext context, string reply, CancellationToken cancellation) => Task.FromResult(said);
    }
}
