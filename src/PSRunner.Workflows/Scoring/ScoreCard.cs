using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Scoring;

/// <summary>Everything that is judged of one conversation. A pure function of task, correct plan and what happened.</summary>
/// <param name="Verdict">Passed or why not.</param>
/// <param name="Score">Required tools that are done (<see cref="TaskCompletion"/>), as a share of them: 1 exactly when passed; NaN without a verdict.</param>
/// <param name="Metrics">By the names of <see cref="MetricNames"/>; without a verdict the counts alone.</param>
internal sealed record ScoreCard(Verdict Verdict, double Score, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>Judges a conversation.</summary>
    /// <param name="task">What was asked.</param>
    /// <param name="correctPlan">The tools of the correct plan in their order, whatever plan the model was shown.</param>
    /// <param name="registry">Knows the dependencies of the tools of task, plan and runs.</param>
    /// <param name="conversation">What happened.</param>
    public static ScoreCard Of(WorkflowTask task, IReadOnlyList<string> correctPlan, ToolRegistry registry, Conversation conversation)
    {
        var runs = conversation.Runs.Select(r => r.Run).ToList();
        var required = task.RequiredTools.Distinct(StringComparer.Ordinal).ToList();
        var done = TaskCompletion.Done(required, registry, runs);
        var completed = TaskCompletion.IsCompleted(required, registry, runs);
        var verdict = Verdict.On(conversation, completed, [.. required.Except(done)]);
        var counts = conversation.Counts;
        var old = OldFormulas.Of(new ScoredTest(
            task.TaskType,
            task.RequiredTools,
            correctPlan,
            [.. runs.Select(r => (r.Tool, r.Succeeded))],
            counts.Claims > 0));
        var failures = runs.Count(r => !r.Succeeded);
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [MetricNames.TaskCompleted] = completed ? 1 : 0,
            [MetricNames.Coverage] = old.Coverage,
            [MetricNames.Adherence] = Adherence(correctPlan, runs, old.Coverage),
            [MetricNames.WorkflowScore] = old.WorkflowScore,
            [MetricNames.Phase2Score] = old.Phase2Score,
            [MetricNames.QualityScore] = old.QualityScore,
            [MetricNames.LevelOld] = old.Level,
            [MetricNames.Turns] = counts.Turns,
            [MetricNames.Requests] = counts.Requests,
            [MetricNames.Searches] = counts.Searches,
            [MetricNames.Calls] = runs.Count + counts.UnreadableCalls + counts.UnknownTools,
            [MetricNames.FailedCalls] = failures + counts.UnreadableCalls + counts.UnknownTools,
            [MetricNames.EnvironmentErrors] = failures,
            [MetricNames.ModelMistakes] = counts.UnknownTools + Mistakes(required, correctPlan, registry, runs),
            [MetricNames.ProviderErrors] = conversation.Fault is null ? 0 : 1,
            [MetricNames.ParseGaps] = counts.ParseGaps,
            [MetricNames.UnreadableActions] = counts.UnreadableActions,
            [MetricNames.IgnoredActions] = counts.IgnoredActions,
            [MetricNames.HelpReplies] = counts.HelpReplies,
            [MetricNames.InputChars] = counts.InputChars,
            [MetricNames.OutputChars] = counts.OutputChars,
        };
        if (Causes.Find(verdict.Cause).Scored)
        {
            return new ScoreCard(verdict, required.Count == 0 ? double.NaN : (double)done.Count / required.Count, metrics);
        }

        // Nothing was judged: a zero here would pull a model's mean down for its provider's fault.
        foreach (var judgement in MetricNames.Judgements)
        {
            metrics.Remove(judgement);
        }

        return new ScoreCard(verdict, double.NaN, metrics);
    }

    /// <summary>
    /// How closely the correct plan was followed: 0.5 coverage + 0.375 common subsequence / longer of plan and distinct
    /// successes + 0.125 if exactly the plan. The old formula (0.4, 0.3, 0.2, 0.1) put right: the luck of the simulated tools
    /// (its 0.2) is out, the other weights are scaled so that a perfect run has 1, and needless tools count against it.
    /// </summary>
    private static double Adherence(IReadOnlyList<string> plan, List<ToolRun> runs, double coverage)
    {
        List<string> succeeded = [.. runs.Where(r => r.Succeeded).Select(r => r.Tool).Distinct(StringComparer.Ordinal)];
        var longer = Math.Max(plan.Count, succeeded.Count);
        var common = longer == 0 ? 0 : (double)OldFormulas.CommonSubsequence(succeeded, plan) / longer;
        return (0.5 * coverage) + (0.375 * common) + (succeeded.SequenceEqual(plan) ? 0.125 : 0);
    }

    /// <summary>
    /// Runs that could not help even if the simulated tool worked: of a tool that had succeeded already and counted, of one
    /// that neither task nor plan needs, or of a required one before the required ones it depends on. Whether the tool then
    /// fails is the environment's doing and counted there.
    /// </summary>
    private static int Mistakes(List<string> required, IReadOnlyList<string> plan, ToolRegistry registry, List<ToolRun> runs)
    {
        var mistakes = 0;
        for (var i = 0; i < runs.Count; i++)
        {
            var before = runs.Take(i).ToList();
            var tool = runs[i].Tool;
            var isRequired = required.Contains(tool);
            var done = TaskCompletion.Done(required, registry, before);
            mistakes += isRequired
                ? done.Contains(tool) || !TaskCompletion.RequiredDependencies(registry.Find(tool)!, required).All(done.Contains) ? 1 : 0
                : !plan.Contains(tool) || before.Exists(r => r.Tool == tool && r.Succeeded) ? 1 : 0;
        }

        return mistakes;
    }
}
