using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Planning;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Scoring;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows;

/// <summary>
/// Runs workflow cases: makes the prompt, lets the model work on the task with simulated tools, judges what happened.
/// What a case gives hangs on the case alone (its id is the seed), so it is the same in any order and after any resume.
/// </summary>
public sealed class WorkflowExecutor : ITestExecutor
{
    private readonly IModelCatalog _models;
    private readonly PromptMaker _prompts = new(new WorkflowPlanner());

    // Cases of a plan share the text of their registry; it is read once.
    private readonly ConditionalWeakTable<string, ToolRegistry> _registries = [];

    /// <param name="models">The models that cases name.</param>
    public WorkflowExecutor(IModelCatalog models) => _models = models;

    /// <inheritdoc/>
    public string Kind => WorkflowCases.Kind;

    /// <inheritdoc/>
    public string Fingerprint => "workflow/1";

    /// <inheritdoc/>
    public IReadOnlyList<string> Metrics => MetricNames.All;

    /// <inheritdoc/>
    public bool JudgesModel => true;

    /// <inheritdoc/>
    public bool CanCrashHost => false;

    /// <inheritdoc/>
    public double DefaultTestTimeoutSeconds => 900;

    /// <inheritdoc/>
    public Secrets Secrets => _models.Secrets;

    /// <inheritdoc/>
    public ILaneSteward? Steward => _models as ILaneSteward;

    /// <inheritdoc/>
    public string NeedOf(TestCase testCase) =>
        ModelNeed.Of(testCase, native: testCase.Definition.Contains("\"native\":true", StringComparison.Ordinal));

    /// <inheritdoc/>
    public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
    {
        var definition = ReadDefinition(context.Case);
        var registry = context.SharedText is { } text ? _registries.GetValue(text, json => ToolRegistry.FromJson(json, "the run folder")) : BuiltInTools.Registry;
        var request = new PromptRequest(
            definition.Task,
            registry,
            PromptTypes.Find(Text(context.Case, Parameters.PromptType)) ?? throw Broken(context.Case, Parameters.PromptType),
            Text(context.Case, Parameters.FlawSeverity),
            Number(context.Case, Parameters.ToolSuccessRate),
            definition.MaxTurns,
            (long)Number(context.Case, Parameters.Seed),
            definition.Native);
        if (_prompts.Make(request) is not { } prompt)
        {
            return new AttemptReport
            {
                Cause = Causes.NotApplicable,
                Message = $"The task is too small for {request.Type.Flaw}: the plan would be the right one.",
            };
        }

        var simulator = new ToolSimulator(context.CaseId, request.ToolSuccessRate);
        using var client = _models.Create(Text(context.Case, Parameters.Model), context);
        var loop = new AgentLoop(client, registry, simulator, definition.Task.RequiredTools, new AgentOptions(definition.MaxTurns, definition.Native), context);
        var conversation = await loop.RunAsync(prompt, cancellation).ConfigureAwait(false);
        var plan = _prompts.BestPlan(request);
        var card = ScoreCard.Of(definition.Task, plan.Steps, registry, conversation);
        return new AttemptReport
        {
            Cause = card.Verdict.Cause,
            Score = card.Score,
            Message = card.Verdict.Message,
            Output = string.Join("; ", conversation.Runs.Select(r => r.Run.Succeeded ? $"{r.Run.Tool} ok" : $"{r.Run.Tool} {r.Run.ErrorCode}")),
            Metrics = client.GetService<RequestLog>() is { } log ? EndpointMetrics.Added(card.Metrics, log) : card.Metrics,
            Artifacts = [new Artifact(Transcript.FileName, Transcript.Write(Head(context, definition.Task, plan, prompt, registry), conversation, card.Verdict.Cause, card.Score, card.Metrics))],
            RetryAfter = conversation.Fault?.RetryAfter,
        };
    }

    private static TranscriptCase Head(AttemptContext context, WorkflowTask task, PlanResult plan, RenderedPrompt prompt, ToolRegistry registry) => new(
        context.CaseId,
        Transcript.ParametersOf(context.Case),
        task,
        plan.Steps,
        prompt.Plan?.Tools,
        task.RequiredTools.Distinct(StringComparer.Ordinal).ToDictionary(name => name, name => registry.Find(name)?.Dependencies ?? []),
        plan.SuccessProbability,
        plan.Dropped.Count == 0 ? null : plan.Dropped,
        plan.DroppedCost);

    private static WorkflowDefinition ReadDefinition(TestCase testCase)
    {
        try
        {
            return JsonSerializer.Deserialize(testCase.Definition, WorkflowJson.Default.WorkflowDefinition) ?? throw Broken(testCase, "its definition");
        }
        catch (JsonException error)
        {
            throw new TestBatchException("WorkflowCaseBroken", ErrorKind.InvalidData, $"The definition of workflow case '{testCase.Name}' cannot be read: {error.Message}", testCase, error);
        }
    }

    private static string Text(TestCase testCase, string parameter) => testCase.GetParameter(parameter) as string ?? throw Broken(testCase, parameter);

    private static double Number(TestCase testCase, string parameter) => testCase.GetParameter(parameter) switch
    {
        long whole => whole,
        double number => number,
        _ => throw Broken(testCase, parameter),
    };

    private static TestBatchException Broken(TestCase testCase, string what) => new(
        "WorkflowCaseBroken", ErrorKind.InvalidData, $"Workflow case '{testCase.Name}' lacks {what} or holds something else there. Make cases with New-WorkflowTest.", testCase);
}
