using System.Text;
using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Scoring;

namespace PSRunner.Workflows.Tests;

public sealed class WorkflowExecutorTests
{
    private static readonly WorkflowExecutor Executor = new(Attempts.Instant);

    [Fact]
    public async Task The_outcome_hangs_on_the_case_and_not_on_clock_or_attempt()
    {
        var testCase = First(new() { Model = ["sim-weak"], PromptType = ["flawed_missing_step"] });
        var first = await Executor.RunAsync(Attempts.Context(testCase, time: new FakeTimeProvider()), TestContext.Current.CancellationToken);
        var later = await Executor.RunAsync(
            Attempts.Context(testCase, time: new FakeTimeProvider(new DateTimeOffset(2050, 1, 1, 0, 0, 0, TimeSpan.Zero)), attempt: 7), TestContext.Current.CancellationToken);

        Assert.Equal(Attempts.Bytes(first), Attempts.Bytes(later));
    }

    [Fact]
    public async Task A_fault_of_one_try_may_be_gone_in_the_next_and_then_nothing_of_it_is_left()
    {
        var cases = WorkflowCases.Create(new() { Model = ["sim-flaky"], PromptType = ["*"], Instances = 3 }, Attempts.Instant).ToList();
        var recovered = 0;
        foreach (var testCase in cases)
        {
            var reports = new List<AttemptReport>();
            for (var tryNumber = 1; tryNumber <= 5; tryNumber++)
            {
                reports.Add(await Attempts.RunAsync(testCase, Executor, tryNumber));
            }

            var judged = reports.Where(r => Causes.Find(r.Cause).Scored).ToList();
            recovered += judged.Count is > 0 and < 5 ? 1 : 0;
            Assert.All(judged, r => Assert.Equal(Attempts.Bytes(judged[0]), Attempts.Bytes(r)));
            Assert.All(reports.Except(judged), r => Assert.Equal((FaultDomains.Provider, double.NaN, 1.0), (Causes.Find(r.Cause).ModelDomain, r.Score, r.Metrics[MetricNames.ProviderErrors])));
        }

        Assert.True(recovered > 10, $"{recovered} cases recovered");
    }

    [Fact]
    public async Task A_flaw_that_a_task_is_too_small_for_is_skipped()
    {
        var tasks = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(
            tasks,
            """{"tasks":[{"instance_id":"t1","task_type":"simple_task","description":"Draw.","complexity":"easy","required_tools":["math_sample"]}]}""",
            TestContext.Current.CancellationToken);
        try
        {
            var testCase = First(new() { Model = ["sim-strong"], PromptType = ["flawed_sequence_disorder"], TaskType = ["simple_task"], TaskLibrary = tasks });
            var report = await Attempts.RunAsync(testCase, Executor);

            Assert.Equal(Causes.NotApplicable, report.Cause);
            Assert.Contains("sequence_disorder", report.Message, StringComparison.Ordinal);
            Assert.True(double.IsNaN(report.Score));
        }
        finally
        {
            File.Delete(tasks);
        }
    }

    [Fact]
    public async Task Native_function_calling_gives_what_tags_give()
    {
        var options = new WorkflowCaseOptions { Model = ["sim-strong"], PromptType = ["optimal", "baseline"], Instances = 4 };
        var passed = 0;
        foreach (var testCase in WorkflowCases.Create(options with { Native = true }, Attempts.Instant))
        {
            var report = await Attempts.RunAsync(testCase, Executor);
            var transcript = Encoding.UTF8.GetString(report.Artifacts[0].Content.Span);
            Assert.DoesNotContain("<tool_call>", transcript, StringComparison.Ordinal);
            passed += report.Cause.Length == 0 ? 1 : 0;
        }

        Assert.InRange(passed, 28, 40);
    }

    [Fact]
    public async Task Unclosed_tags_cost_a_model_nothing_and_are_counted()
    {
        var testCase = WorkflowCases.Create(new() { Model = ["sim-unclosed-tags"], PromptType = ["optimal"], Instances = 3 }, Attempts.Instant);
        foreach (var report in await Task.WhenAll(testCase.Select(c => Attempts.RunAsync(c, Executor))))
        {
            Assert.Equal(report.Metrics[MetricNames.Calls], report.Metrics[MetricNames.ParseGaps]);
            Assert.Equal(0, report.Metrics[MetricNames.UnreadableActions]);
        }
    }

    [Fact]
    public async Task A_hanging_model_ends_at_the_request_limit_as_the_providers_fault()
    {
        var time = new FakeTimeProvider();
        var running = Executor.RunAsync(Attempts.Context(First(new() { Model = ["sim-hangs"] }), time: time), TestContext.Current.CancellationToken);
        time.Advance(Attempts.Limits.Request + TimeSpan.FromSeconds(1));

        var report = await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(Causes.NoReply, report.Cause);
        Assert.Equal(0, report.Metrics[MetricNames.Turns]);
        Assert.Single(report.Artifacts);
    }

    [Fact]
    public async Task A_canceled_attempt_returns_soon_with_its_transcript_and_has_not_passed()
    {
        using var source = new CancellationTokenSource();
        var running = Executor.RunAsync(Attempts.Context(First(new() { Model = ["sim-hangs"] }), time: new FakeTimeProvider()), source.Token);
        await source.CancelAsync();

        var report = await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.NotEqual(Outcomes.Passed, Causes.Find(report.Cause).Outcome);
        Assert.Equal(Transcript.FileName, Assert.Single(report.Artifacts).FileName);
    }

    [Fact]
    public async Task A_case_that_was_not_made_by_us_is_refused_in_words()
    {
        var strange = new TestCase("workflow", "mine", [new("Model", "sim-strong")]) { Definition = "{\"task\": 5}" };

        var error = await Assert.ThrowsAsync<TestBatchException>(() => Attempts.RunAsync(strange, Executor));

        Assert.Equal("WorkflowCaseBroken", error.ErrorId);
    }

    [Fact]
    public async Task A_transcript_tells_the_whole_case()
    {
        var report = await Attempts.RunAsync(First(new() { Model = ["sim-strong"], PromptType = ["flawed_tool_misuse"] }), Executor);

        var (head, conversation, end) = Transcript.Read(report.Artifacts[0].Content.Span, "t");

        Assert.Contains("<tool_call>", Encoding.UTF8.GetString(report.Artifacts[0].Content.Span), StringComparison.Ordinal);
        Assert.Equal("sim-strong", head.Parameters["Model"]);
        Assert.NotEqual(head.CorrectPlan, head.ShownPlan);
        Assert.Equal(["system", "user", "assistant"], conversation.Messages.Take(3).Select(m => m.Role));
        Assert.Equal(conversation.Runs.Count, (int)report.Metrics[MetricNames.Calls]);
        Assert.Equal(report.Metrics, end.Metrics);
    }

    [Fact]
    public async Task What_the_planner_left_out_is_said_with_what_it_may_cost()
    {
        // A chain of 12: eight of the eleven helpers of the last tool find room in a plan.
        var folder = Directory.CreateTempSubdirectory("psrunner-chain-").FullName;
        var (registry, tasks) = (Path.Combine(folder, "tools.json"), Path.Combine(folder, "tasks.json"));
        var tools = Enumerable.Range(0, 12).Select(i => $$"""{"name":"t{{i}}","category":"chain","description":"Go on.","errors":["FAILED"],"dependencies":[{{(i == 0 ? "" : $"\"t{i - 1}\"")}}]}""");
        await File.WriteAllTextAsync(registry, $$"""{"tools":[{{string.Join(',', tools)}}]}""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(tasks, """[{"id":"a","task_type":"simple_task","description":"Go.","required_tools":["t11"]}]""", TestContext.Current.CancellationToken);

        var report = await Attempts.RunAsync(First(new() { Model = ["sim-strong"], PromptType = ["optimal"], TaskType = ["simple_task"], ToolRegistry = registry, TaskLibrary = tasks }));

        var head = Transcript.Read(report.Artifacts[0].Content.Span, "t").Head;
        Assert.Equal(["t2", "t1", "t0"], head.PlanDropped);
        Assert.InRange(head.PlanProbability, 0.3, 1);
        Assert.InRange(head.PlanDroppedCost, 0, 1 - head.PlanProbability);
        Directory.Delete(folder, recursive: true);
    }

    private static TestCase First(WorkflowCaseOptions options) => WorkflowCases.Create(options, Attempts.Instant).First();
}
