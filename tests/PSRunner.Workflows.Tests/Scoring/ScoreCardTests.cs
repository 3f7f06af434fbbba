using System.Text;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Scoring;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Scoring;

public sealed class ScoreCardTests
{
    private static readonly ToolRegistry Registry = new(
        [
            new ToolDefinition("open", "x", "Open.", [], ["BROKEN"], []),
            new ToolDefinition("read", "x", "Read.", [], ["BROKEN"], ["open"]),
            new ToolDefinition("save", "x", "Save.", [], ["BROKEN"], ["read"]),
            new ToolDefinition("idle", "x", "Idle.", [], ["BROKEN"], []),
        ],
        "test");

    private static readonly WorkflowTask Task = new("t", "simple_task", "easy", "Read and save.", ["read", "save"]);
    private static readonly string[] Plan = ["open", "read", "save"];

    [Fact]
    public void A_perfect_run_scores_one_and_passes()
    {
        var card = Judge("open read save");

        Assert.Equal((Causes.None, 1.0, 1.0, 1.0), (card.Verdict.Cause, card.Score, card.Metrics[MetricNames.Adherence], card.Metrics[MetricNames.TaskCompleted]));
        Assert.Equal(0, card.Metrics[MetricNames.ModelMistakes]);
    }

    [Fact]
    public void Failures_of_simulated_tools_are_no_mistakes_and_cost_no_adherence()
    {
        var card = Judge("-open open -read -read read save");

        Assert.Equal((1.0, 3.0, 0.0), (card.Metrics[MetricNames.Adherence], card.Metrics[MetricNames.EnvironmentErrors], card.Metrics[MetricNames.ModelMistakes]));
    }

    [Theory]
    [InlineData("save read", 1, 0.5)] // save too early
    [InlineData("read read", 1, 0.5)] // again without need
    [InlineData("open open", 1, 0)]
    [InlineData("idle -idle", 2, 0)]
    [InlineData("-save read save", 1, 1)]
    public void Runs_that_could_not_help_are_the_models_mistakes(string runs, double mistakes, double score)
    {
        var card = Judge(runs);

        Assert.Equal((mistakes, score), (card.Metrics[MetricNames.ModelMistakes], card.Score));
    }

    [Fact]
    public void Needless_tools_cost_adherence_and_not_the_score()
    {
        var card = Judge("open idle read save");

        Assert.Equal(1, card.Score);
        Assert.InRange(card.Metrics[MetricNames.Adherence], 0.7, 0.8);
    }

    [Fact]
    public void The_old_scores_compare_with_the_correct_plan_and_not_with_the_one_shown() =>
        Assert.True(Judge("open read save").Metrics[MetricNames.WorkflowScore] > Judge("read open save").Metrics[MetricNames.WorkflowScore]);

    [Fact]
    public void Every_metric_is_declared_and_every_declared_one_is_measured() =>
        Assert.Equal(MetricNames.All.Except(MetricNames.OfEndpoint).Order(), Judge("open").Metrics.Keys.Order());

    [Fact]
    public void Every_metric_is_explained_in_the_about_topic()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "PSRunner.sln")))
        {
            root = root.Parent!;
        }

        var about = File.ReadAllText(Path.Combine(root.FullName, "module", "en-US", "about_PSRunner.help.txt"));

        Assert.All(MetricNames.All, name => Assert.Matches($@"\b{name}\b", about));
    }

    [Fact]
    public void Without_a_verdict_only_counts_are_measured_so_that_a_providers_fault_pulls_no_mean_down()
    {
        var conversation = new Conversation { End = ConversationEnd.ProviderFault, Fault = new ProviderFault(Causes.Throttled, "too many requests") };

        var card = ScoreCard.Of(Task, Plan, Registry, conversation);
        var metrics = card.Metrics;

        Assert.Equal(double.NaN, card.Score);
        Assert.Equal(MetricNames.All.Except(MetricNames.Judgements).Except(MetricNames.OfEndpoint).Order(), metrics.Keys.Order());
        Assert.Equal(1, metrics[MetricNames.ProviderErrors]);
    }

    [Fact]
    public async Task A_transcript_alone_gives_the_same_scores_again()
    {
        var options = new WorkflowCaseOptions { Model = ["sim-weak", "sim-flaky", "sim-unclosed-tags"], PromptType = ["optimal", "flawed_t*", "cot"], Instances = 3 };
        foreach (var testCase in WorkflowCases.Create(options, Attempts.Instant))
        {
            var report = await Attempts.RunAsync(testCase);
            var artifact = Assert.Single(report.Artifacts);

            var again = TranscriptScorer.Score(artifact.Content.Span, artifact.FileName);

            Assert.Equal((report.Cause, report.Message), (again.Verdict.Cause, again.Verdict.Message));
            Assert.Equal(report.Metrics, again.Metrics);
            Assert.Equal(report.Score, again.Score);
            Assert.Equal(report.Score, Transcript.Read(artifact.Content.Span, artifact.FileName).End.Score);
        }
    }

    [Theory]
    [InlineData("", "does not begin with")]
    [InlineData("{\"type\":\"message\",\"turn\":1,\"role\":\"user\",\"text\":\"x\"}\n", "does not begin with")]
    [InlineData("{\"type\":\"nothing\"}\n", "line 1")]
    [InlineData("{\"type\":", "line 1")]
    public void A_broken_transcript_is_refused_with_its_place(string text, string expected)
    {
        var error = Assert.Throws<TestBatchException>(() => TranscriptScorer.Score(Encoding.UTF8.GetBytes(text), "/x/transcript.jsonl"));

        Assert.Equal("TranscriptInvalid", error.ErrorId);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transcript_that_was_cut_off_is_refused()
    {
        var report = await Attempts.RunAsync(WorkflowCases.Create(new WorkflowCaseOptions { Model = ["sim-weak"] }, Attempts.Instant).First());
        var content = report.Artifacts[0].Content;

        Assert.Throws<TestBatchException>(() => TranscriptScorer.Score(content.Span[..(content.Length - 300)], "cut"));
    }

    /// <summary>Judges runs by name, a failed one with a hyphen before it.</summary>
    private static ScoreCard Judge(string runs)
    {
        var conversation = new Conversation { End = ConversationEnd.TurnLimit };
        foreach (var word in runs.Split(' '))
        {
            var failed = word.StartsWith('-');
            conversation.Runs.Add(new RequestedRun(1, null, new ToolRun(conversation.Runs.Count + 1, word.TrimStart('-'), !failed, failed ? "BROKEN" : "", "", 0.8)));
        }

        return ScoreCard.Of(Task, Plan, Registry, conversation);
    }
}
